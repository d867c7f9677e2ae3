/** When two claims that count something cannot both be right. */
import type { ClaimMade } from './claim.ts';
import type { Proposition } from './proposition.ts';
import type { Quantity } from './quantity.ts';
import { durationMs, spanOf } from './spans.ts';
import { dayMs, isDate, startMs } from './times.ts';

type Measured = Extract<Proposition, { quantity: Quantity }>;

/**
 * What a claim counts, where and over which time; undefined where that is not known. Only claims
 * with one key are about the same number.
 */
export function quantityKey(claim: ClaimMade): string | undefined {
  const { conflict_id, proposition, places = [] } = claim;
  if (!('quantity' in proposition)) return undefined;
  const { unit, measure } = proposition.quantity;
  const time = timeKey(claim, proposition.quantity);
  if (time === undefined) return undefined;
  const where = places.map(({ place_id, relation }) => `${relation} ${place_id}`).sort();
  const what = subjectOf(proposition);
  return JSON.stringify([conflict_id, ...what, unit, measure, [...new Set(where)], time]);
}

/** Why two claims with one `quantityKey` disagree; undefined where they do not. */
export function quantityDisagreement(
  a: ClaimMade,
  b: ClaimMade,
): 'transcriptions-differ' | 'quantities-disjoint' | undefined {
  const one = (a.proposition as Measured).quantity;
  const two = (b.proposition as Measured).quantity;
  const isDisjoint = isBelow(one, two) || isBelow(two, one);
  const isOneClaimant = a.attribution.claimant_id === b.attribution.claimant_id;
  if (isOneClaimant && one.measure !== 'increment') {
    // A claimant may say another total later on the day: that is a new statement.
    const isOneStatement = isSameTime(a.asserted_at, b.asserted_at) && !startsDiffer(one, two);
    const differs = isDisjoint || one.value !== two.value || one.value_to !== two.value_to;
    return isOneStatement && differs ? 'transcriptions-differ' : undefined;
  }
  return isDisjoint && startOf(one) === startOf(two) ? 'quantities-disjoint' : undefined;
}

function subjectOf(proposition: Measured): string[] {
  const { kind } = proposition;
  switch (kind) {
    case 'casualties':
      return [kind, proposition.side_id, proposition.category, proposition.outcome];
    case 'equipment_losses':
      return [kind, proposition.side_id, proposition.equipment_class];
    case 'area_control':
      return [kind, proposition.controller_id];
    case 'settlements_taken':
      return [kind, proposition.by_id];
  }
}

// Totals and states are compared by the day they are of, as the source writes it.
function timeKey(claim: ClaimMade, { period, measure }: Quantity): string | undefined {
  if (measure !== 'increment') {
    const end = period !== undefined && 'to' in period ? period.to : claim.asserted_at;
    return end?.slice(0, 'yyyy-mm-dd'.length);
  }
  // Two halves of a day would both be the day they end on.
  const isPartOfDay =
    period !== undefined && 'duration' in period && durationMs(period.duration) % dayMs > 0;
  const span = spanOf(claim, { measure, ...(period !== undefined && { period }) });
  if (span === undefined || (isPartOfDay && span.clock === 'days_back')) return undefined;
  return `${span.clock} ${span.startMs} ${span.endMs}`;
}

function isBelow(a: Quantity, b: Quantity): boolean {
  if (a.high === null || b.low === null) return false;
  return a.high < b.low || (a.high === b.low && b.low_exclusive === true);
}

// Two instants are two statements. A date and an instant of that day may be one.
function isSameTime(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || isDate(a) || isDate(b)) return true;
  return startMs(a) === startMs(b);
}

function startsDiffer(a: Quantity, b: Quantity): boolean {
  return startOf(a) !== null && startOf(b) !== null && startOf(a) !== startOf(b);
}

// From when a total counts; the time of an increment is in the key.
function startOf({ measure, period }: Quantity): string | null {
  return measure === 'cumulative' && period !== undefined && 'from' in period ? period.from : null;
}
