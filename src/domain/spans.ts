/** The time that a quantity covers, and when two such times surely have nothing in common. */
import type { ClaimMade } from './claim.ts';
import type { Quantity } from './quantity.ts';
import { dayMs, endMs, hourMs, isDate, startMs } from './times.ts';

/**
 * A stretch of time. `clock` is how its ends are known: as instants, as days, or as a number of
 * days back from a statement of some day; only ends of one clock can be compared to the minute.
 */
export type Span = {
  readonly clock: 'instants' | 'days' | 'days_back' | 'mixed';
  readonly from: string;
  readonly to: string;
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
};

/**
 * The time that a claim's quantity covers: its period, else for an increment the time at which it
 * is said to have occurred; undefined where that is not known. A duration that ends on a date is
 * counted back in days from that date, it included: a bulletin of the 12th about 24 hours is about
 * the 12th, so that a claimant's bulletins of two days are two days.
 */
export function spanOf(
  { asserted_at, occurred }: Pick<ClaimMade, 'asserted_at' | 'occurred'>,
  { period, measure }: Pick<Quantity, 'period' | 'measure'>,
): Span | undefined {
  if (period === undefined) {
    return measure === 'increment' && occurred !== undefined ? occurredSpan(occurred) : undefined;
  }
  if ('from' in period) return spanBetween(period.from, period.to);
  return asserted_at === undefined ? undefined : spanBack(period.duration, asserted_at);
}

/**
 * How much later than another's end a span of another clock begins, to be surely after it: a day
 * for the zone of a date, and a day for the hour at which a bulletin's 24 hours end.
 */
export const clockSlackMs = 2 * dayMs;

/** Whether `a` is over, for sure, when `b` begins. */
export function isOverBefore(a: Span, b: Span): boolean {
  const isComparable = a.clock === b.clock && a.clock !== 'mixed';
  return a.endMs + (isComparable ? 0 : clockSlackMs) <= b.startMs;
}

// Where only the start is given, a day is a day, but a moment has no extent to count in, and a
// vague date covers more than its day.
function occurredSpan({ from, to, date_precision = 1 }: NonNullable<ClaimMade['occurred']>) {
  if (to !== undefined) return spanBetween(from, to);
  return isDate(from) && date_precision === 1 ? spanBetween(from, from) : undefined;
}

function spanBetween(from: string, to: string): Span | undefined {
  const clock = isDate(from) === isDate(to) ? (isDate(from) ? 'days' : 'instants') : 'mixed';
  return extended({ clock, from, to, startMs: startMs(from), endMs: endMs(to) });
}

function spanBack(duration: string, end: string): Span | undefined {
  const lengthMs = durationMs(duration);
  if (!isDate(end)) {
    const start = startMs(end) - lengthMs;
    const from = new Date(start).toISOString();
    return extended({ clock: 'instants', from, to: end, startMs: start, endMs: endMs(end) });
  }
  const days = Math.ceil(lengthMs / dayMs);
  const start = endMs(end) - days * dayMs;
  const from = new Date(start).toISOString().slice(0, 'yyyy-mm-dd'.length);
  return extended({ clock: 'days_back', from, to: end, startMs: start, endMs: endMs(end) });
}

// What has no extent covers no time that could be told apart from another.
function extended(span: Span): Span | undefined {
  return span.startMs < span.endMs ? span : undefined;
}

/** How long a duration of a quantity is: P1D, PT24H, P1DT12H30M. */
export function durationMs(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration) ?? [];
  return Number(days) * dayMs + Number(hours) * hourMs + Number(minutes) * (hourMs / 60);
}
