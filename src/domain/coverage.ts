/** Of items that cover time, a choice that surely covers no moment twice. */
import { clockSlackMs, type Span } from './spans.ts';

type Timed = { readonly span: Span };
type Choice<T> = {
  readonly item: T;
  readonly before: Choice<T> | undefined;
  readonly coveredMs: number;
  readonly size: number;
};

/**
 * The items, in order of time, that cover the most time and surely no moment twice; of equal
 * choices one with the fewest items. Takes n log n.
 */
export function mostCovering<T extends Timed>(items: readonly T[]): T[] {
  const byStart = items.toSorted((a, b) => a.span.startMs - b.span.startMs);
  const byEnd = byStart.toSorted((a, b) => a.span.endMs - b.span.endMs);
  // Per item the best choice that ends with it. What ends before an item starts it after, too.
  const choices = new Map<T, Choice<T>>();
  const bestOfClock = new Map<Span['clock'], Choice<T>>();
  let bestOfAny: Choice<T> | undefined;
  let overOfClock = 0;
  let overOfAny = 0;
  for (const item of byStart) {
    const { clock, startMs, endMs } = item.span;
    for (; isOver(byEnd[overOfClock], startMs); overOfClock += 1) {
      const choice = choices.get(byEnd[overOfClock] as T) as Choice<T>;
      const own = choice.item.span.clock;
      if (own !== 'mixed') bestOfClock.set(own, better(choice, bestOfClock.get(own)));
    }
    for (; isOver(byEnd[overOfAny], startMs - clockSlackMs); overOfAny += 1) {
      bestOfAny = better(choices.get(byEnd[overOfAny] as T) as Choice<T>, bestOfAny);
    }
    const ofClock = bestOfClock.get(clock);
    const before = ofClock === undefined ? bestOfAny : better(ofClock, bestOfAny);
    const coveredMs = endMs - startMs + (before?.coveredMs ?? 0);
    choices.set(item, { item, before, coveredMs, size: 1 + (before?.size ?? 0) });
  }
  return itemsOf(
    [...choices.values()].reduce<Choice<T> | undefined>((a, b) => better(b, a), undefined),
  );
}

function isOver(item: Timed | undefined, atMs: number): boolean {
  return item !== undefined && item.span.endMs <= atMs;
}

// The one found before, unless the other is better.
function better<T>(one: Choice<T>, before: Choice<T> | undefined): Choice<T> {
  if (before === undefined || one.coveredMs > before.coveredMs) return one;
  return one.coveredMs === before.coveredMs && one.size < before.size ? one : before;
}

function itemsOf<T>(last: Choice<T> | undefined): T[] {
  const items: T[] = [];
  for (let choice = last; choice !== undefined; choice = choice.before) items.push(choice.item);
  return items.reverse();
}
