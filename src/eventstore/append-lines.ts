/**
 * What was decided for many streams, appended: side by side, but nothing before what it names, so
 * that who reads the log in order has met everything that an event points to.
 */
import { appendEventsMax } from './encode.ts';
import type { EventStore, NewEvent } from './event-store.ts';
import { type Execution, execute, type Outcome } from './execute.ts';

/** A stream while its commands are decided: what it will be, and what is to be appended. */
export type Line = {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  state: unknown;
  readonly events: NewEvent[];
  /** It is appended after all lines of a lower wave, as it names what these make. */
  wave: number;
  readonly decided: { readonly index: number; readonly events: number }[];
};

/**
 * Appends what the lines hold, which is something each, and answers with `outcomes`, with those of
 * the lines filled in. They are in the order of their waves.
 */
export async function appendLines(
  store: EventStore,
  lines: readonly Line[],
  executions: readonly Execution[],
  outcomes: (Outcome | undefined)[],
): Promise<Outcome[]> {
  // In the order of their first lines, and so of their numbers.
  for (const together of Map.groupBy(lines, ({ wave }) => wave).values()) {
    await Promise.all(together.map((line) => appendLine(store, line, executions, outcomes)));
  }
  return outcomes as Outcome[];
}

/** Appends what a line decided and fills in its outcomes; a lost race is decided again. */
async function appendLine(
  store: EventStore,
  line: Line,
  executions: readonly Execution[],
  outcomes: (Outcome | undefined)[],
): Promise<void> {
  let { version, position } = line;
  let from = 0;
  let rest = line.decided;
  while (rest.length > 0) {
    const share = shareOf(rest);
    const count = share.reduce((sum, { events }) => sum + events, 0);
    let events = line.events.slice(from, from + count);
    if (count > 0) {
      const { stream } = line;
      const result = await store.append({ stream, expectedVersion: version, events });
      if (!('position' in result)) break;
      version = result.version - count;
      position = result.position - count;
      // Another process has recorded the same events; they are told of once.
      if (result.outcome === 'duplicate') events = [];
    }
    for (const { index, events: own } of share) {
      version += own;
      position += own;
      const event_ids = events.splice(0, own).map(({ id }) => id);
      outcomes[index] = { stream: line.stream, version, position, event_ids };
    }
    from += count;
    rest = rest.slice(share.length);
  }
  for (const { index } of rest) {
    outcomes[index] = await execute(store, executions[index] as Execution);
  }
}

/** The first commands whose events fit into one append. */
function shareOf(decided: Line['decided']): Line['decided'] {
  let events = 0;
  const end = decided.findIndex((one) => {
    events += one.events;
    return events > appendEventsMax;
  });
  return end === -1 ? decided : decided.slice(0, Math.max(end, 1));
}
