/** What the assessments of a claim amount to, under a named policy. */
import type { ClaimAssessed } from './claim.ts';

/** The policy that derived a status: a changed rule is a new name. */
export const policy = 'v1';

export type Verdict = ClaimAssessed['verdict'];
export type Assessment = Pick<
  ClaimAssessed,
  'assessor_id' | 'verdict' | 'source_reliability' | 'information_credibility' | 'evidence'
>;
export type Verification = {
  readonly status: Verdict | 'unverified';
  readonly policy: string;
  readonly counts: Readonly<Record<Verdict, number>>;
};

/**
 * Policy v1: refuted or verified, by an assessor of reliability A or B with evidence; then
 * disputed; then corroborated; then could_not_verify; else unverified. An assessor's latest verdict
 * counts. The counts tell what the status leaves out.
 */
export function verificationOf(assessments: readonly Assessment[]): Verification {
  const latest = new Map(assessments.map((one) => [one.assessor_id, one]));
  const counts = { could_not_verify: 0, corroborated: 0, disputed: 0, verified: 0, refuted: 0 };
  for (const one of latest.values()) counts[one.verdict] += 1;
  const settled = [...latest.values()].filter(isSettling).map((one) => one.verdict);
  const status =
    (['refuted', 'verified'] as const).find((verdict) => settled.includes(verdict)) ??
    (['disputed', 'corroborated', 'could_not_verify'] as const).find((one) => counts[one] > 0) ??
    'unverified';
  return { status, policy, counts };
}

function isSettling(one: Assessment): boolean {
  const reliable = one.source_reliability === 'A' || one.source_reliability === 'B';
  return reliable && (one.evidence?.length ?? 0) > 0;
}
