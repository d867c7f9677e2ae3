/** What a claim's assessments, sources and links amount to, under a named policy. */
import type { ClaimAssessed } from './claim.ts';
import type { ClaimState, RecordedAssessment } from './claim-state.ts';
import { stands } from './lifecycle.ts';
import { countOrigins, type Source } from './origins.ts';
import { lastSaid } from './recorded.ts';

/** The policy that derived a status: a changed rule is a new name. */
export const policy = 'v1';

export type Verdict = ClaimAssessed['verdict'];
export type Assessment = Pick<
  RecordedAssessment,
  'assessor_id' | 'verdict' | 'source_reliability' | 'has_evidence' | 'asserted_at' | 'occurred'
>;
export type Verification = {
  readonly status: Verdict | 'unverified';
  readonly policy: string;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** From how many independent origins it comes, itself among them. */
  readonly independent_origins: number;
};

/** What speaks for or against a claim beside its assessments. */
export type Circumstances = {
  /** A claim that stands contradicts it. */
  readonly isContradicted?: boolean;
  /** It goes against the interest of the claimant's own side. */
  readonly isAdverse?: boolean;
  /** From how many it comes, with its repetitions and the claims that corroborate it. */
  readonly independentOrigins?: number;
};

/**
 * Policy v1: refuted or verified, by an assessor of reliability A or B with evidence; then
 * disputed, by a verdict or a contradicting claim; then corroborated, by a verdict, an independent
 * origin or an adverse admission; then could_not_verify; else unverified. Of each assessor the
 * verdict asserted latest counts. The counts tell what the status leaves out.
 */
export function verificationOf(
  assessments: readonly Assessment[],
  { isContradicted = false, isAdverse = false, independentOrigins = 1 }: Circumstances = {},
): Verification {
  const counts = { could_not_verify: 0, corroborated: 0, disputed: 0, verified: 0, refuted: 0 };
  let isRefuted = false;
  let isVerified = false;
  for (const one of latestAssessments(assessments)) {
    counts[one.verdict] += 1;
    if (!isSettling(one)) continue;
    if (one.verdict === 'refuted') isRefuted = true;
    if (one.verdict === 'verified') isVerified = true;
  }
  let status: Verification['status'] = 'unverified';
  if (isRefuted) status = 'refuted';
  else if (isVerified) status = 'verified';
  else if (isContradicted || counts.disputed > 0) status = 'disputed';
  else if (isAdverse || independentOrigins > 1 || counts.corroborated > 0) status = 'corroborated';
  else if (counts.could_not_verify > 0) status = 'could_not_verify';
  return { status, policy, counts, independent_origins: independentOrigins };
}

/**
 * The verification of a claim among others under policy v1. `others` are all the claims that it is
 * linked with, from either side; more do no harm. Whether it is adverse: see `isAdverseAdmission`.
 */
export function verificationOfClaim(
  claim: ClaimState,
  others: readonly ClaimState[],
  isAdverse: boolean,
): Verification {
  return verificationOf(claim.assessments, circumstancesOf(claim, others, isAdverse));
}

/** What speaks for or against it among these; see `verificationOfClaim`. */
export function circumstancesOf(
  claim: ClaimState,
  others: readonly ClaimState[],
  isAdverse: boolean,
): Required<Circumstances> {
  // Most are linked with none.
  if (others.length === 0) {
    const independentOrigins = countOrigins(sourcesOf(claim));
    return { isContradicted: false, isAdverse, independentOrigins };
  }
  const standing = others.filter(stands);
  const corroborating = standing.filter((other) => corroborates(claim, other));
  return {
    isContradicted: standing.some((other) => areLinked(claim, other, 'contradicts')),
    isAdverse,
    independentOrigins: countOrigins([claim, ...corroborating].flatMap(sourcesOf)),
  };
}

/**
 * The verification of what several claims say together, such as their sum: as far as the weakest of
 * them. The counts are those of all; independent origins are as many as each has at least.
 */
export function verificationOfAll(claims: readonly Verification[]): Verification {
  const counts = { could_not_verify: 0, corroborated: 0, disputed: 0, verified: 0, refuted: 0 };
  for (const one of claims) {
    for (const verdict of Object.keys(counts) as Verdict[]) counts[verdict] += one.counts[verdict];
  }
  const statuses = new Set(claims.map(({ status }) => status));
  const status = weakestFirst.find((one) => statuses.has(one)) ?? 'unverified';
  const origins = claims.map((one) => one.independent_origins);
  const independent_origins = origins.reduce((least, one) => Math.min(least, one), Infinity);
  return {
    status,
    policy,
    counts,
    independent_origins: claims.length > 0 ? independent_origins : 0,
  };
}

/** Of these, in the order of the log, what each assessor said last. */
export function latestAssessments<One extends Assessment>(
  assessments: readonly One[],
): readonly One[] {
  // Most claims have one or none.
  if (assessments.length < 2) return assessments;
  const byAssessor = Map.groupBy(assessments, ({ assessor_id }) => assessor_id);
  return [...byAssessor.values()].map((own) => lastSaid(own) as One);
}

const weakestFirst = [
  'refuted',
  'disputed',
  'unverified',
  'could_not_verify',
  'corroborated',
  'verified',
] as const;

function isSettling({ source_reliability: reliability, has_evidence }: Assessment): boolean {
  return (reliability === 'A' || reliability === 'B') && has_evidence;
}

// Nobody corroborates what they said themselves by saying it again elsewhere.
function corroborates(claim: ClaimState, other: ClaimState): boolean {
  const isSame = claim.current.attribution.claimant_id === other.current.attribution.claimant_id;
  const isLinked = (['corroborates', 'same_occurrence'] as const).some((relation) =>
    areLinked(claim, other, relation),
  );
  return !isSame && isLinked;
}

type Relation = ClaimState['links'][number]['relation'];

function areLinked(a: ClaimState, b: ClaimState, relation: Relation): boolean {
  const links = (from: ClaimState, to: ClaimState) =>
    from.links.some((one) => one.relation === relation && one.claim_id === to.current.claim_id);
  return links(a, b) || links(b, a);
}

function sourcesOf({ current, repetitions }: ClaimState): Source[] {
  return [current.attribution, ...repetitions];
}
