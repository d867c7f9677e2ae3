/** An event as the log gives it back, and the order of what was said in such events. */
import type { DataOf } from './catalogue.ts';
import { startMs } from './times.ts';

/** What the log adds to an event; see the event store's port. */
export type Recorded<Event> = Event & {
  readonly id: string;
  readonly position: number;
  readonly version: number;
  readonly recorded_at: string;
};

/** When something was said, and where it stands in the log. */
export type Timed = Pick<DataOf<'ClaimMade'>, 'asserted_at' | 'occurred'> & {
  readonly position: number;
};

/**
 * The order in which things were said: by `asserted_at`; where the source does not give it, by the
 * start of what it tells of, for nothing is told before. What has neither comes first, because
 * nothing shows that it is later than another: that it was recorded late does not. Ties go by
 * position.
 */
export function bySaidAt(a: Timed, b: Timed): number {
  return compare(saidAtMs(a), saidAtMs(b)) || a.position - b.position;
}

/** The order of what is said to have been so: by its start, then in the order it was said. */
export function byValidFrom(a: Timed, b: Timed): number {
  return compare(validFromMs(a), validFromMs(b)) || bySaidAt(a, b);
}

/** Since when what is said is said to be so; -Infinity where nothing tells. */
export function validFromMs({ asserted_at, occurred }: Omit<Timed, 'position'>): number {
  return msOf(occurred?.from ?? asserted_at);
}

/** When it was said, as `bySaidAt` orders it; -Infinity where nothing tells. */
export function saidAtMs({ asserted_at, occurred }: Omit<Timed, 'position'>): number {
  return msOf(asserted_at ?? occurred?.from);
}

/** Of these, in the order of their record, the one said last; see `bySaidAt`. */
export function lastSaid<One extends Omit<Timed, 'position'>>(
  words: readonly One[],
): One | undefined {
  let last: One | undefined;
  for (const one of words) if (last === undefined || saidAtMs(one) >= saidAtMs(last)) last = one;
  return last;
}

function msOf(moment: string | undefined): number {
  return moment === undefined ? Number.NEGATIVE_INFINITY : startMs(moment);
}

// Not by subtraction: two that have no time are equal.
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
