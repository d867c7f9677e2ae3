/**
 * Many commands at once: what `execute` does one by one, in a handful of round trips. Each is
 * decided on what is recorded and on what those before it will have recorded.
 */
import { Equal } from 'typebox/value';
import { commandDataOf } from '../domain/acts.ts';
import { type EventType, upcast } from '../domain/catalogue.ts';
import { fold, foldOnto, Rejection, streamOf } from '../domain/decider.ts';
import { findReferences, type Reference } from '../domain/references.ts';
import { appendEventsMax } from './encode.ts';
import type { EventStore, NewEvent, RecordedEvent } from './event-store.ts';
import {
  type Execution,
  eventIdTaken,
  execute,
  type Outcome,
  toEvents,
  unknownReferences,
} from './execute.ts';

/** A stream while its commands are decided: what it will be, and what is to be appended. */
type Line = {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  state: unknown;
  readonly events: NewEvent[];
  readonly decided: { readonly index: number; readonly events: number }[];
};
type Known = {
  /** What each execution's data points to, in their order. */
  readonly named: readonly (readonly Reference[])[];
  readonly lines: Map<string, Line>;
  readonly missing: Set<string>;
  readonly events: Map<string, RecordedEvent>;
  /** By event id, what those before will have recorded. */
  readonly pending: Map<string, Execution>;
};

/**
 * An outcome per execution, in their order; each that is recorded is durable. One that was executed
 * before, by its event's id, is answered without new events. Throws when the log cannot be reached:
 * then some may be recorded, and the same executions again answer which.
 */
export async function executeAll(
  store: EventStore,
  executions: readonly Execution[],
): Promise<Outcome[]> {
  const known = await readKnown(store, executions);
  const outcomes: (Outcome | undefined)[] = [];
  for (const [index, execution] of executions.entries()) {
    outcomes[index] = await decideOne(store, known, execution, index);
  }
  // In the order of their first commands, so that what others refer to comes first.
  const lines = [...known.lines.values()].filter(({ events }) => events.length > 0);
  await Promise.all(lines.map((line) => appendLine(store, line, executions, outcomes)));
  return outcomes as Outcome[];
}

async function readKnown(store: EventStore, executions: readonly Execution[]): Promise<Known> {
  const streams = new Map(
    executions.map((one) => [streamOf(one.act.decider.category, one.id), one]),
  );
  const named = executions.map(({ act, data }) => findReferences(act.schema, data));
  const [missing, history, events] = await Promise.all([
    store.findMissingStreams([...new Set(named.flat().map(({ stream }) => stream))]),
    store.readStreams([...streams.keys()]),
    store.findEvents(executions.map(({ eventId }) => eventId(0))),
  ]);
  const histories = Map.groupBy(history, ({ stream }) => stream);
  const lines = [...streams].map(([stream, { act }]): [string, Line] => {
    const past = histories.get(stream) ?? [];
    const state = fold(act.decider, past.map(upcast));
    const { version = 0, position = 0 } = past.at(-1) ?? {};
    return [stream, { stream, version, position, state, events: [], decided: [] }];
  });
  return {
    named,
    lines: new Map(lines),
    missing: new Set(missing),
    events: new Map(events.map((event) => [event.id, event])),
    pending: new Map(),
  };
}

/** The outcome where it is known before anything is appended. */
async function decideOne(
  store: EventStore,
  known: Known,
  execution: Execution,
  index: number,
): Promise<Outcome | undefined> {
  const { act, id, data, eventId } = execution;
  const recorded = known.events.get(eventId(0));
  if (recorded !== undefined) return isOf(execution, recorded) ? again(recorded) : eventIdTaken();
  const pending = known.pending.get(eventId(0));
  if (pending !== undefined && !isSame(execution, pending)) return eventIdTaken();
  const line = known.lines.get(streamOf(act.decider.category, id)) as Line;
  const command = { type: act.command, id, data };
  const more = act.decider.references?.(command, line.state) ?? [];
  for (const one of await store.findMissingStreams(more.map(({ stream }) => stream))) {
    known.missing.add(one);
  }
  const unknown = [...(known.named[index] ?? []), ...more].filter((one) => isMissing(known, one));
  if (unknown.length > 0) return unknownReferences(unknown, [...known.missing]);

  const decided = act.decider.decide(command, line.state);
  if (decided instanceof Rejection) return decided;
  if (decided.length === 0) {
    // What it is already may have been said a moment ago, and is not recorded yet.
    if (line.events.length > 0) line.decided.push({ index, events: 0 });
    const { stream, version, position } = line;
    return line.events.length > 0 ? undefined : { stream, version, position, event_ids: [] };
  }
  known.pending.set(eventId(0), execution);
  line.state = foldOnto(act.decider, line.state, decided);
  line.events.push(...toEvents(decided, execution));
  line.decided.push({ index, events: decided.length });
  return undefined;
}

function isMissing(known: Known, { stream }: Reference): boolean {
  return known.missing.has(stream) && (known.lines.get(stream)?.events.length ?? 0) === 0;
}

function isOf({ act, id, data }: Execution, recorded: RecordedEvent): boolean {
  if (recorded.stream !== streamOf(act.decider.category, id)) return false;
  const { type, data: recordedData } = upcast(recorded);
  const said = commandDataOf(type as EventType, recordedData as Record<string, unknown>);
  return Equal(said.data, data);
}

function isSame(one: Execution, other: Execution): boolean {
  return one.act === other.act && one.id === other.id && Equal(one.data, other.data);
}

function again({ stream, version, position }: RecordedEvent): Outcome {
  return { stream, version, position, event_ids: [] };
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
