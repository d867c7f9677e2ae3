/**
 * Control of a place: what each claimant says of it, side by side, and whether they agree. No claim
 * is made to say more than it does: one over several places, or beside, along or towards a place,
 * is not about the control of that place alone.
 */
import type { ClaimMade } from './claim.ts';
import type { ClaimView } from './claim-state.ts';
import { stands } from './lifecycle.ts';
import type { Proposition } from './proposition.ts';
import { byValidFrom, validFromMs } from './recorded.ts';
import { belongsTo, type PartOf } from './sides.ts';
import { endMs, lastMs, startMs } from './times.ts';

export type Control = Extract<Proposition, { kind: 'control' }>;

export type ControlStatement = Pick<Control, 'controller_id' | 'status' | 'basis'> & {
  readonly claimant_id: string;
  readonly occurred: NonNullable<ClaimMade['occurred']> | null;
  readonly asserted_at: string | null;
  readonly claim_id: string;
};

/** Why a claim about control that names a place is no statement about that place alone. */
export const notOfPlaceReasons = {
  'several-places': 'The claim is about several places together.',
  'relation-not-at': 'The claim is about somewhere near the place, or along or towards it.',
} as const;
export type NotOfPlaceReason = keyof typeof notOfPlaceReasons;

export type PlaceControl = {
  readonly place_id: string;
  /** The current one of each claimant, in the order of claimants. */
  readonly statements: readonly ControlStatement[];
  /** Whether the statements, each of its own time, can all be true. */
  readonly agreement: 'uncontested' | 'contested';
  readonly not_of_place: readonly {
    readonly claim_id: string;
    readonly reason: NotOfPlaceReason;
  }[];
};

/**
 * Who controls a place, as each claimant says of `validAt` (a date is its whole day), or of now.
 *
 * A statement holds from when it says so (`occurred.from`, else `asserted_at`) until the end that
 * it gives (`occurred.to`) or the claimant's next one, whichever comes first; of those from one
 * moment the latest said counts. After the end the claimant says nothing: the one before does not
 * come back, for nobody said so. Of now, what was said last is shown also where it has ended. One
 * without any time holds only now, and only where the claimant said nothing with a time. Retracted
 * and superseded claims leave the one before standing.
 */
export function controlOf(
  placeId: string,
  claims: readonly ClaimView[],
  { validAt, partOf }: { readonly validAt?: string | undefined; readonly partOf?: PartOf } = {},
): PlaceControl {
  const about = claims.filter((claim) => stands(claim) && mentions(claim, placeId));
  const begun = about
    .filter(({ current }) => controlledPlace(current) === placeId && hasBegun(current, validAt))
    .toSorted(inTime);
  // The last one of each claimant.
  const latest = new Map(begun.map((claim) => [claim.current.attribution.claimant_id, claim]));
  const current = [...latest.values()].filter((claim) => !hasEnded(claim.current, validAt));
  const disagree = current.some((one) => current.some((two) => disagreeInTime(one, two, partOf)));
  return {
    place_id: placeId,
    statements: current
      .map(statementOf)
      .toSorted((a, b) => (a.claimant_id < b.claimant_id ? -1 : 1)),
    agreement: disagree ? 'contested' : 'uncontested',
    not_of_place: about.flatMap(({ current }) => {
      const reason = isSoAt(current, validAt) ? notOfPlaceReason(current) : undefined;
      return reason === undefined ? [] : [{ claim_id: current.claim_id, reason }];
    }),
  };
}

/** Whether what is said to be so is over by `validAt`; of now, nothing is. */
export function hasEnded(claim: ClaimMade, validAt: string | undefined): boolean {
  return validAt !== undefined && validUntilMs(claim) <= startMs(validAt);
}

/** Until when, exclusive, what is said is said to be so; Infinity where nothing tells. */
export function validUntilMs(claim: ClaimMade): number {
  const to = claim.occurred?.to;
  // What is said of one moment is about that moment.
  return to === undefined ? Number.POSITIVE_INFINITY : Math.max(endMs(to), validFromMs(claim) + 1);
}

/** Why a claim about control states that of no place alone; undefined where it does. */
export function notOfPlaceReason(claim: ClaimMade): NotOfPlaceReason | undefined {
  if (controlledPlace(claim) !== undefined) return undefined;
  return isOfOnePlace(claim) ? 'relation-not-at' : 'several-places';
}

/**
 * All that was ever stated of the control of a place, by everyone, in the order in which it holds:
 * also what was corrected, superseded or retracted since.
 */
export function controlHistoryOf<Claim extends ClaimView>(
  placeId: string,
  claims: readonly Claim[],
): { readonly statement: ControlStatement; readonly claim: Claim }[] {
  const stating = claims.filter(({ current }) => controlledPlace(current) === placeId);
  return stating.toSorted(inTime).map((claim) => ({ statement: statementOf(claim), claim }));
}

/** The one place whose control a claim states; undefined where it states no place's. */
export function controlledPlace(claim: ClaimMade): string | undefined {
  const [first] = claim.places ?? [];
  if (claim.proposition.kind !== 'control' || first === undefined) return undefined;
  const states = (claim.places ?? []).every(({ relation }) => stating.includes(relation));
  return states && isOfOnePlace(claim) ? first.place_id : undefined;
}

/**
 * Whether two statements about one place at one time cannot both be true. One who does not know
 * contradicts nobody, and a force holds a place for what it is part of.
 */
export function areAtOdds(
  a: Pick<Control, 'controller_id' | 'status'>,
  b: Pick<Control, 'controller_id' | 'status'>,
  partOf: PartOf = () => undefined,
): boolean {
  if (a.status === 'unknown' || b.status === 'unknown') return false;
  if (a.status !== b.status) return true;
  if (a.status !== 'controlled') return false;
  const [one, two] = [a.controller_id, b.controller_id];
  // Held by somebody, by whom is not said.
  if (one === null || two === null) return false;
  return !belongsTo(one, two, partOf) && !belongsTo(two, one, partOf);
}

/** The order in which statements about a place hold: the last one that has begun is current. */
export function inTime(a: ClaimView, b: ClaimView): number {
  const timed = ({ current, position }: ClaimView) => ({ ...current, position });
  return byValidFrom(timed(a), timed(b));
}

const stating: readonly string[] = ['at', 'area_of'];

function mentions({ current }: ClaimView, placeId: string): boolean {
  const isOfControl = current.proposition.kind === 'control';
  return isOfControl && (current.places ?? []).some(({ place_id }) => place_id === placeId);
}

function isOfOnePlace({ places = [] }: ClaimMade): boolean {
  return places.every(({ place_id }) => place_id === places[0]?.place_id);
}

function disagreeInTime(a: ClaimView, b: ClaimView, partOf: PartOf | undefined): boolean {
  const [one, two] = [a.current, b.current];
  const isAtOneTime = validFromMs(one) < validUntilMs(two) && validFromMs(two) < validUntilMs(one);
  const [first, second] = [one.proposition as Control, two.proposition as Control];
  return isAtOneTime && areAtOdds(first, second, partOf);
}

function isSoAt(claim: ClaimMade, validAt: string | undefined): boolean {
  return hasBegun(claim, validAt) && !hasEnded(claim, validAt);
}

function hasBegun(claim: ClaimMade, validAt: string | undefined): boolean {
  if (validAt === undefined) return true;
  const from = validFromMs(claim);
  return Number.isFinite(from) && from <= lastMs(validAt);
}

function statementOf({ current }: ClaimView): ControlStatement {
  const { controller_id, status, basis } = current.proposition as Control;
  return {
    claimant_id: current.attribution.claimant_id,
    controller_id,
    status,
    basis,
    occurred: current.occurred ?? null,
    asserted_at: current.asserted_at ?? null,
    claim_id: current.claim_id,
  };
}
