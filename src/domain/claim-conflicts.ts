/**
 * Claims that disagree: linked as contradicting, or derived from what they say. They are shown side
 * by side; which is right is not decided here.
 *
 * Claims are compared only where they share a key, so that a read model can keep its groups up to
 * date key by key.
 */

import type { ClaimMade } from './claim.ts';
import type { ClaimView } from './claim-state.ts';
import { areAtOdds, type Control, controlledPlace, inTime, validUntilMs } from './control.ts';
import { connectedBy } from './groups.ts';
import { stands } from './lifecycle.ts';
import { quantityDisagreement, quantityKey } from './quantity-conflicts.ts';
import { validFromMs } from './recorded.ts';
import type { PartOf } from './sides.ts';

/** Why two claims disagree, with a sentence for readers. */
export const disagreements = {
  'linked-contradicts': 'The claims were linked as contradicting each other.',
  'control-differs': 'The claims say different things of the control of a place at one time.',
  'transcriptions-differ': 'The claims give one statement of one claimant with different numbers.',
  'quantities-disjoint': 'No number fits both claims, which count the same over the same time.',
} as const;
export type Disagreement = keyof typeof disagreements;

export type ConflictGroup = {
  readonly key: string;
  readonly reason: Disagreement;
  readonly claim_ids: readonly string[];
};

/** The groups of claims that disagree, directly or through others. */
export function conflictGroups(claims: readonly ClaimView[], partOf?: PartOf): ConflictGroup[] {
  const keyed = claims.flatMap((claim) => conflictKeys(claim).map((key) => ({ key, claim })));
  const groups = [...Map.groupBy(keyed, ({ key }) => key)].flatMap(([key, members]) => {
    const ofKey = members.map(({ claim }) => claim);
    return conflictGroupsOfKey(key, ofKey, partOf);
  });
  return mergedGroups(groups);
}

/** The groups among `claims`, which have `key` in common. */
export function conflictGroupsOfKey(
  key: string,
  claims: readonly ClaimView[],
  partOf?: PartOf,
): ConflictGroup[] {
  const pairs = key.startsWith(linkPrefix)
    ? pairsOf(claims.map(always), (a, b) => linkedDisagreement(a.claim, b.claim))
    : pairsOf(lastingOf(claims), (a, b) => derivedDisagreement(a, b, partOf));
  return [...Map.groupBy(pairs, ({ reason }) => reason)].flatMap(([reason, disagreeing]) =>
    connectedBy(disagreeing, ({ ids }) => ids).map((group) => ({
      key,
      reason,
      claim_ids: [...new Set(group.flatMap(({ ids }) => ids))].sort(),
    })),
  );
}

/** `groups` of several keys with those made one that links join: a link has a key at each end. */
export function mergedGroups(groups: readonly ConflictGroup[]): ConflictGroup[] {
  const isLinked = ({ reason }: ConflictGroup) => reason === 'linked-contradicts';
  const joined = connectedBy(groups.filter(isLinked), ({ claim_ids }) => claim_ids);
  const linked = joined.map((parts) => {
    const claim_ids = [...new Set(parts.flatMap((part) => part.claim_ids))].sort();
    return {
      key: `${linkPrefix}${claim_ids[0]}`,
      reason: 'linked-contradicts' as const,
      claim_ids,
    };
  });
  return [...linked, ...groups.filter((group) => !isLinked(group))];
}

/**
 * Under which keys a claim can disagree with another: claims without a common key never do, and a
 * claim that does not stand disagrees with none.
 */
export function conflictKeys(claim: ClaimView): string[] {
  if (!stands(claim)) return [];
  const { claim_id } = claim.current;
  const contradicted = claim.links.filter(({ relation }) => relation === 'contradicts');
  const ids = new Set([claim_id, ...contradicted.map((link) => link.claim_id)]);
  const derived = comparisonKey(claim.current);
  return [
    ...[...ids].map((id) => `${linkPrefix}${id}`),
    ...(derived === undefined ? [] : [derived]),
  ];
}

/** The key of what a claim says, links apart; undefined where nothing can disagree with that. */
export function comparisonKey(claim: ClaimMade): string | undefined {
  if (claim.proposition.kind !== 'control') return quantityKey(claim);
  const place = controlledPlace(claim);
  const isDated = Number.isFinite(validFromMs(claim));
  return place !== undefined && isDated ? `control ${claim.conflict_id} ${place}` : undefined;
}

/** Why two claims disagree; undefined where they do not. */
export function disagreement(
  a: ClaimView,
  b: ClaimView,
  partOf?: PartOf,
): Disagreement | undefined {
  if (!stands(a) || !stands(b)) return undefined;
  const linked = linkedDisagreement(a, b);
  const key = comparisonKey(a.current);
  if (linked !== undefined || key === undefined || key !== comparisonKey(b.current)) return linked;
  const [one, two] = lastingOf([a, b]);
  return derivedDisagreement(one as Lasting, two as Lasting, partOf);
}

const linkPrefix = 'claim ';

/** A claim, and from when to when (exclusive) it holds if it is about the control of a place. */
type Lasting = { readonly claim: ClaimView; readonly fromMs: number; readonly endMs: number };

// The link may have been made from either side.
function linkedDisagreement(a: ClaimView, b: ClaimView): Disagreement | undefined {
  const links = (from: ClaimView, to: ClaimView) =>
    from.links.some(
      ({ relation, claim_id }) => relation === 'contradicts' && claim_id === to.current.claim_id,
    );
  return links(a, b) || links(b, a) ? 'linked-contradicts' : undefined;
}

function derivedDisagreement(a: Lasting, b: Lasting, partOf?: PartOf): Disagreement | undefined {
  const [one, two] = [a.claim.current, b.claim.current];
  if (one.proposition.kind !== 'control') return quantityDisagreement(one, two);
  const isAtOneTime = a.fromMs < b.endMs && b.fromMs < a.endMs;
  const differs = areAtOdds(one.proposition, two.proposition as Control, partOf);
  return isAtOneTime && differs ? 'control-differs' : undefined;
}

// Claims in the order in which they begin; those about control with when they end. Said of a time
// with an end, it is about that time; else until the claimant says something new.
function lastingOf(claims: readonly ClaimView[]): Lasting[] {
  const starts = new Map<string, number[]>();
  const reversed = claims.toSorted(inTime).reverse();
  return reversed.map((claim) => lasting(claim, starts)).reverse();
}

// `starts` has those of the claimant's later claims, the next one last.
function lasting(claim: ClaimView, starts: Map<string, number[]>): Lasting {
  const { attribution, proposition } = claim.current;
  if (proposition.kind !== 'control') return always(claim);
  const fromMs = validFromMs(claim.current);
  const later = starts.get(attribution.claimant_id) ?? [];
  // Two of one claimant from the same moment last until the same next one.
  if (later.at(-1) !== fromMs) later.push(fromMs);
  starts.set(attribution.claimant_id, later);
  const nextMs = later.at(-2) ?? Number.POSITIVE_INFINITY;
  return { claim, fromMs, endMs: Math.min(nextMs, validUntilMs(claim.current)) };
}

function always(claim: ClaimView): Lasting {
  return { claim, fromMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };
}

// `claims` are in the order in which they begin.
function pairsOf(
  claims: readonly Lasting[],
  reasonOf: (a: Lasting, b: Lasting) => Disagreement | undefined,
) {
  const pairs: { readonly reason: Disagreement; readonly ids: readonly string[] }[] = [];
  for (const [i, a] of claims.entries()) {
    for (let j = i + 1; j < claims.length; j += 1) {
      const b = claims[j] as Lasting;
      // So a place with a long history is not compared with itself all over.
      if (b.fromMs >= a.endMs) break;
      const reason = reasonOf(a, b);
      if (reason === undefined) continue;
      pairs.push({ reason, ids: [a.claim.current.claim_id, b.claim.current.claim_id] });
    }
  }
  return pairs;
}
