/** What a claim about casualties counts, and why it may not be in the count of another subject. */
import type { ClaimMade } from './claim.ts';
import type { ClaimView } from './claim-state.ts';
import { stands } from './lifecycle.ts';
import type { Proposition } from './proposition.ts';
import type { Quantity } from './quantity.ts';

type Casualties = Extract<Proposition, { kind: 'casualties' }>;
type Places = NonNullable<ClaimMade['places']>;

/** What a number counts in, from when and where. */
export type Counting = {
  readonly unit: string;
  readonly measure: Quantity['measure'];
  /** From when a total counts; null where it is not said, and for what is no total. */
  readonly since: string | null;
  /** Where a total or a state counts, several places together; null for increments. */
  readonly places: Places | null;
};

/** What is counted, by whom. Only claims with the very same subject are of one count. */
export type CasualtySubject = Counting & {
  readonly claimant_id: string;
  readonly side_id: string;
  readonly category: Casualties['category'];
  readonly outcome: Casualties['outcome'];
};

/** Why a claim is not in a count, with a sentence for readers. */
export const notAddedReasons = {
  'not-casualties': 'The claim is not about casualties.',
  'other-claimant': 'The claim is of another claimant; claimants are never added up.',
  'other-side': 'The claim is about the casualties of another side.',
  'other-category': 'The claim is about another category of people.',
  'other-outcome': 'The claim is about another outcome; killed and wounded are not added up.',
  'other-unit': 'The claim counts in another unit.',
  'other-measure': 'Increments, totals and states at a time are not added to each other.',
  'other-start': 'The claim counts from another start.',
  'other-places': 'The claim counts over other places.',
  retracted: 'The claim was retracted.',
  superseded: 'The claim was superseded by another.',
  'same-occurrence': 'The claim is about the same occurrence as one that counts.',
  'period-unknown': 'It is not known which time the claim covers.',
  'period-beyond': 'The claim covers also time outside of the period; no part of it is known.',
  'period-overlaps': 'The claim may cover time that is counted already.',
  'cumulative-replaced': 'A later total of the claimant stands.',
  'cumulative-decreased': 'The next total of the claimant is lower; both are kept.',
  'snapshot-replaced': 'A later state of the claimant stands.',
} as const;
export type NotAddedReason = keyof typeof notAddedReasons;

/** What a claim counts; undefined where it is not about casualties. */
export function subjectOf(claim: ClaimMade): CasualtySubject | undefined {
  const { attribution, proposition } = claim;
  if (proposition.kind !== 'casualties') return undefined;
  const { side_id, category, outcome, quantity } = proposition;
  const { claimant_id } = attribution;
  return { claimant_id, side_id, category, outcome, ...countingOf(claim, quantity) };
}

/** In what, from when and where the quantity of a claim counts. */
export function countingOf(
  claim: Pick<ClaimMade, 'places'>,
  { unit, measure, period }: Quantity,
): Counting {
  const isTotal = measure === 'cumulative' && period !== undefined && 'from' in period;
  return {
    unit,
    measure,
    since: isTotal ? period.from : null,
    places: measure === 'increment' ? null : sortedPlaces(claim),
  };
}

/** The places that a claim names, each once, in one order: so that equal lists have equal JSON. */
export function sortedPlaces({ places = [] }: Pick<ClaimMade, 'places'>): Places {
  if (places.length < 2) return places.map(mentionOf);
  const mentions = new Map(
    places.map((one) => [`${one.place_id} ${one.relation}`, mentionOf(one)]),
  );
  return [...mentions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, mention]) => mention);
}

/** Why a claim is in no count of `subject`, whatever other claims say; undefined if it may be. */
export function misfitOf(subject: CasualtySubject, claim: ClaimView): NotAddedReason | undefined {
  const own = subjectOf(claim.current);
  if (own === undefined) return 'not-casualties';
  const differing = otherReasons.find(([member]) => !isSame(own[member], subject[member]));
  if (differing !== undefined) return differing[1];
  if (stands(claim)) return undefined;
  return claim.lifecycle === 'retracted' ? 'retracted' : 'superseded';
}

const otherReasons: readonly (readonly [keyof CasualtySubject, NotAddedReason])[] = [
  ['claimant_id', 'other-claimant'],
  ['side_id', 'other-side'],
  ['category', 'other-category'],
  ['outcome', 'other-outcome'],
  ['unit', 'other-unit'],
  ['measure', 'other-measure'],
  ['since', 'other-start'],
  ['places', 'other-places'],
];

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function mentionOf({ place_id, relation }: Places[number]): Places[number] {
  return { place_id, relation };
}
