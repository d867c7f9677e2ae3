/**
 * Casualties as one claimant counts them: which claims may be added, and why the others may not.
 *
 * Increments add up over periods that surely have nothing in common. A total says itself what it
 * holds, so totals are never added: the latest stands, also where it is lower than the one before.
 */
import {
  type CasualtySubject,
  misfitOf,
  type NotAddedReason,
  subjectOf,
} from './casualty-subject.ts';
import type { ClaimView } from './claim-state.ts';
import { mostCovering } from './coverage.ts';
import { connectedBy } from './groups.ts';
import type { Quantity, QuantitySaid } from './quantity.ts';
import { bySaidAt } from './recorded.ts';
import { type Span, spanOf } from './spans.ts';

/** A sum, or a total as it stands. A bound is null, which is unknown and never zero. */
export type CasualtyTally = CasualtySubject & {
  readonly quantity: Omit<Quantity, keyof QuantitySaid> & Pick<Quantity, 'unit' | 'measure'>;
  /** From the first to the last moment covered; with gaps, not all between is covered. */
  readonly period: {
    readonly from: string;
    readonly to: string;
    readonly has_gaps: boolean;
  } | null;
  /** All places of the claims that count, together. */
  readonly place_ids: readonly string[];
  readonly claim_ids: readonly string[];
  readonly not_added: readonly { readonly claim_id: string; readonly reason: NotAddedReason }[];
};

/** One tally per subject found in `claims`; every claim about casualties is in exactly one. */
export function casualtyTallies(claims: readonly ClaimView[]): CasualtyTally[] {
  const occurrences = occurrencesOf(claims);
  const subjects = Map.groupBy(claims, ({ current }) => JSON.stringify(subjectOf(current)));
  return [...subjects.values()].flatMap((group) => {
    const subject = subjectOf((group[0] as ClaimView).current);
    return subject === undefined ? [] : tally(subject, group, occurrences);
  });
}

/**
 * The tally of one subject; every one of `claims` is in `claim_ids` or in `not_added`. `others` are
 * claims that only tell which of these are about one occurrence: those linked with them.
 */
export function tallyOf(
  subject: CasualtySubject,
  claims: readonly ClaimView[],
  others: readonly ClaimView[] = [],
): CasualtyTally {
  return tally(subject, claims, occurrencesOf([...claims, ...others]));
}

type Counted = {
  readonly claim: ClaimView;
  readonly quantity: Quantity;
  readonly span: Span | undefined;
};
type NotAdded = Map<string, NotAddedReason>;
/** Claim id to what all claims about its occurrence have in common. */
type Occurrences = ReadonlyMap<string, unknown>;

function tally(
  subject: CasualtySubject,
  claims: readonly ClaimView[],
  occurrences: Occurrences,
): CasualtyTally {
  const notAdded: NotAdded = new Map();
  // A claim over several places may be given once for each; it counts once.
  const unique = [...new Map(claims.map((one) => [one.current.claim_id, one])).values()];
  const fitting = unique.toSorted(bySaid).filter((claim) => {
    const reason = misfitOf(subject, claim);
    if (reason !== undefined) notAdded.set(claim.current.claim_id, reason);
    return reason === undefined;
  });
  const distinct = onePerOccurrence(fitting.map(countedOf), occurrences, notAdded);
  const counted =
    subject.measure === 'increment' ? disjoint(distinct, notAdded) : latest(distinct, notAdded);
  const { unit, measure } = subject;
  return {
    ...subject,
    quantity: { ...sumOf(counted), unit, measure },
    period: periodOf(counted),
    place_ids: [...new Set(counted.flatMap(placeIdsOf))].sort(),
    claim_ids: counted.map(idOf),
    not_added: [...notAdded].map(([claim_id, reason]) => ({ claim_id, reason })),
  };
}

// Sorted as they were said. Claims linked as one occurrence, also through others, count once: the
// latest that tells which time it covers, else the latest.
function onePerOccurrence(claims: readonly Counted[], occurrences: Occurrences, left: NotAdded) {
  const groups = Map.groupBy(claims, (one) => occurrences.get(idOf(one)));
  return claims.filter((one) => {
    const group = groups.get(occurrences.get(idOf(one))) as Counted[];
    const counts = group.findLast(({ span }) => span !== undefined) ?? group.at(-1);
    if (one !== counts) left.set(idOf(one), 'same-occurrence');
    return one === counts;
  });
}

function disjoint(claims: readonly Counted[], left: NotAdded): readonly Counted[] {
  const known = claims.filter((one): one is Counted & { span: Span } => one.span !== undefined);
  // Of claims about the very same time the latest said stands, hence the reverse. One that is
  // alone is added to nothing, and need not tell its time.
  const counted = known.length > 0 ? mostCovering(known.toReversed()) : claims.slice(-1);
  const isCounted = new Set<Counted>(counted);
  for (const one of claims) {
    if (isCounted.has(one)) continue;
    left.set(idOf(one), one.span === undefined ? 'period-unknown' : 'period-overlaps');
  }
  return counted;
}

function latest(claims: readonly Counted[], left: NotAdded): readonly Counted[] {
  for (const [i, { quantity, ...one }] of claims.entries()) {
    const next = claims[i + 1];
    if (next === undefined) break;
    const isTotal = quantity.measure === 'cumulative';
    const replaced = isLower(next.quantity, quantity)
      ? 'cumulative-decreased'
      : 'cumulative-replaced';
    left.set(idOf(one), isTotal ? replaced : 'snapshot-replaced');
  }
  return claims.slice(-1);
}

// Surely lower, or lower by the values given as best.
function isLower(a: Quantity, b: Quantity): boolean {
  if (a.best !== null && b.best !== null) return a.best < b.best;
  return a.high !== null && b.low !== null && a.high < b.low;
}

function sumOf(counted: readonly Counted[]) {
  const sum = (bound: 'low' | 'best' | 'high') => {
    const known = counted.flatMap(({ quantity }) => quantity[bound] ?? []);
    const isKnown = counted.length > 0 && known.length === counted.length;
    return isKnown ? known.reduce((total, one) => total + one, 0) : null;
  };
  const low = sum('low');
  const isOpen = low !== null && counted.some(({ quantity }) => quantity.low_exclusive);
  const open = isOpen ? { low_exclusive: true as const } : {};
  return { low, best: sum('best'), high: sum('high'), ...open };
}

function periodOf(counted: readonly Counted[]): CasualtyTally['period'] {
  const spans = counted.flatMap(({ span }) => span ?? []);
  const first = spans[0];
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return null;
  const has_gaps = spans.some(({ startMs }, i) => i > 0 && startMs !== spans[i - 1]?.endMs);
  return { from: first.from, to: last.to, has_gaps };
}

function occurrencesOf(claims: readonly ClaimView[]): Occurrences {
  const groups = connectedBy(claims, ({ current, links }) => [
    current.claim_id,
    ...links.flatMap((one) => (one.relation === 'same_occurrence' ? one.claim_id : [])),
  ]);
  return new Map(groups.flatMap((group) => group.map((one) => [one.current.claim_id, group])));
}

function countedOf(claim: ClaimView): Counted {
  const { quantity } = claim.current.proposition as { quantity: Quantity };
  return { claim, quantity, span: spanOf(claim.current, quantity) };
}

function bySaid(a: ClaimView, b: ClaimView): number {
  const timed = ({ current, position }: ClaimView) => ({ ...current, position });
  return bySaidAt(timed(a), timed(b));
}

function placeIdsOf({ claim }: Counted): string[] {
  return (claim.current.places ?? []).map(({ place_id }) => place_id);
}

function idOf({ claim }: Pick<Counted, 'claim'>): string {
  return claim.current.claim_id;
}
