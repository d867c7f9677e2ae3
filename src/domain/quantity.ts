/** Quantities: what the source said, and the bounds that follow from it and from nothing else. */
import { type Static, Type } from 'typebox';
import { Rejection } from './decider.ts';
import { endsBefore, type Fault } from './times.ts';
import { code, Moment, strictObject, Text } from './vocabulary.ts';

const numberMax = Number.MAX_SAFE_INTEGER;
const Amount = Type.Number({ minimum: 0, maximum: numberMax });
const Bound = Type.Union([Amount, Type.Null()]);

const Qualifier = code(
  'exact',
  'approximately',
  'more_than',
  'at_least',
  'less_than',
  'at_most',
  'up_to',
  'between',
  'vague',
  'unspecified',
);

/** The time a quantity covers: two moments, or a duration that ends when it was asserted. */
export const Period = Type.Union([
  strictObject({ from: Moment, to: Moment }),
  strictObject({
    duration: Type.String({
      pattern: '^P(?=\\d|T\\d)(\\d{1,5}D)?(T(?=\\d)(\\d{1,5}H)?(\\d{1,5}M)?)?$',
    }),
    ends: Type.Literal('asserted_at'),
  }),
]);

const said = {
  value: Type.Optional(Amount),
  value_to: Type.Optional(Amount),
  // The source's own best estimate within a range: never made by us.
  value_best: Type.Optional(Amount),
  qualifier: Qualifier,
  // UCUM: an annotation, `{person}` and the like, is of a count; a code, `km2`, of a measure.
  unit: Type.String({ pattern: '^[!-~]{1,32}$' }),
  measure: code('increment', 'cumulative', 'snapshot'),
  period: Type.Optional(Period),
  verbatim: Type.Optional(Text),
};

/** A quantity as a client gives it: only what the source says. */
export const QuantitySaid = strictObject(said);
export type QuantitySaid = Static<typeof QuantitySaid>;

/** A quantity as the log keeps it: with its derived bounds. `null` is unknown and never zero. */
export const Quantity = Type.Object({
  ...said,
  low: Bound,
  best: Bound,
  high: Bound,
  low_exclusive: Type.Optional(Type.Literal(true)),
});
export type Quantity = Static<typeof Quantity>;

/**
 * What is impossible in `quantity`, with pointers below `pointer`; empty when nothing is. `counted`
 * tells whether what it is of is counted, as people are, or measured, as an area is.
 */
export function quantityFaults(
  quantity: QuantitySaid,
  pointer: string,
  counted = isCount(quantity.unit),
): Fault[] {
  const { value, value_to, value_best, qualifier, unit, period } = quantity;
  const faults: Fault[] = [];
  const fault = (member: string, detail: string) =>
    faults.push({ pointer: `${pointer}/${member}`, detail });

  // An annotation within a code, as in `10*3{person}`, would leave open which of both it is.
  if (/[{}]/.test(unit) && !/^\{[^{}]+\}$/.test(unit)) {
    fault('unit', 'is no annotation as {person} is, and has one');
  } else if (isCount(unit) !== counted) {
    fault('unit', counted ? 'is of no count, as {person} is' : 'is of a count, not of an area');
  }
  if (qualifier === 'vague') {
    if (value !== undefined) fault('value', 'a vague quantity has no value');
  } else if (value === undefined) {
    fault('value', `a quantity that is ${qualifier} needs a value`);
  }
  if (qualifier === 'between') {
    if (value_to === undefined) fault('value_to', 'a quantity between two values needs the second');
    else if (value !== undefined && value_to < value) fault('value_to', 'is below value');
  } else if (value_to !== undefined) {
    fault('value_to', 'is only for a quantity between two values');
  }
  if (value_best !== undefined) {
    if (qualifier !== 'between') fault('value_best', 'is only for a quantity between two values');
    else if (value_best < (value ?? 0) || value_best > (value_to ?? value_best)) {
      fault('value_best', 'is not between value and value_to');
    }
  }
  if (period !== undefined && 'from' in period && endsBefore(period.from, period.to)) {
    fault('period/to', 'is before from');
  }
  if (isCount(unit)) {
    if (value !== undefined && !Number.isInteger(value)) fault('value', 'a count is whole');
    for (const [member, one] of Object.entries({ value_to, value_best })) {
      if (one !== undefined && !Number.isInteger(one)) fault(member, 'a count is whole');
    }
    if (qualifier === 'less_than' && value === 0) fault('value', 'no count is less than zero');
    if (qualifier === 'more_than' && value === numberMax) fault('value', 'is too large');
  }
  return faults;
}

/** The refusal for what `quantityFaults` found; undefined where that is nothing. */
export function impossible(faults: readonly Fault[]): Rejection<'quantity-impossible'> | undefined {
  if (faults.length === 0) return undefined;
  return new Rejection('quantity-impossible', 'the quantity cannot be so', faults);
}

/**
 * `quantity` with low, best and high. `best` is never filled from a one-sided bound, and "more than
 * 300" people are at least 301. Requires that `quantityFaults` found nothing.
 */
export function deriveBounds(quantity: QuantitySaid): Quantity {
  const value = quantity.value ?? null;
  const count = isCount(quantity.unit);
  const from = (low: number | null, best: number | null, high: number | null): Quantity => ({
    ...quantity,
    low,
    best,
    high,
  });
  switch (quantity.qualifier) {
    case 'exact':
    case 'unspecified':
      return from(value, value, value);
    case 'approximately':
      return from(null, value, null);
    case 'more_than':
      if (count) return from((value ?? 0) + 1, null, null);
      return { ...from(value, null, null), low_exclusive: true };
    case 'at_least':
      return from(value, null, null);
    case 'less_than':
      return from(null, null, count ? (value ?? 0) - 1 : value);
    case 'at_most':
    case 'up_to':
      return from(null, null, value);
    case 'between':
      return from(value, quantity.value_best ?? null, quantity.value_to ?? null);
    case 'vague':
      return from(null, null, null);
  }
}

/** What the source said of `quantity`: without its bounds. */
export function withoutBounds(quantity: Quantity): QuantitySaid {
  const { low: _low, best: _best, high: _high, low_exclusive: _exclusive, ...asSaid } = quantity;
  return asSaid;
}

function isCount(unit: string): boolean {
  return unit.startsWith('{');
}
