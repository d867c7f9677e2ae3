/**
 * Many commands at once: what `execute` does one by one, in a handful of round trips. Each is
 * decided on what is recorded and on what those before it will have recorded.
 */
import { Equal } from 'typebox/value';
import { acts, commandDataOf, commandOf, referencesOf } from '../domain/acts.ts';
import { type EventType, upcast } from '../domain/catalogue.ts';
import { fold, foldOnto, Rejection, streamOf } from '../domain/decider.ts';
import type { Reference } from '../domain/references.ts';
import { appendLines, type Line } from './append-lines.ts';
import { bytesOf, eventBytesMax, oversize } from './encode.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';
import {
  type Execution,
  eventIdTaken,
  type Outcome,
  toEvents,
  unknownReferences,
} from './execute.ts';
import { othersOf, streamsAskedFor } from './others.ts';

type Known = {
  /** What each execution's data points to, in their order. */
  readonly named: readonly (readonly Reference[])[];
  readonly lines: Map<string, Line>;
  /** The states of streams that are asked for and that none of the commands is about. */
  readonly others: Map<string, unknown>;
  /** The lines that have events, in the order of their first ones. */
  readonly begun: Line[];
  readonly missing: Set<string>;
  readonly events: Map<string, RecordedEvent>;
  /** By event id, which of those before will have recorded it. */
  readonly pending: Map<string, number>;
  /** Which come once more, and where they came first. */
  readonly repeated: Map<number, number>;
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
  const outcomes: Outcome[] = [];
  while (outcomes.length < executions.length) {
    outcomes.push(...(await executeFirst(store, executions.slice(outcomes.length))));
  }
  return outcomes;
}

/** As many of the first as can be appended without what they name coming after them. */
async function executeFirst(
  store: EventStore,
  executions: readonly Execution[],
): Promise<Outcome[]> {
  const known = await readKnown(store, executions);
  const outcomes: (Outcome | undefined)[] = [];
  for (const [index, execution] of executions.entries()) {
    const first = known.pending.get(execution.eventId(0));
    const isRepeated = first !== undefined && isSame(execution, executions[first] as Execution);
    if (isRepeated) known.repeated.set(index, first);
    const outcome = isRepeated ? undefined : await decideOne(store, known, execution, index);
    if (outcome === 'later') break;
    outcomes.push(outcome);
  }
  const appended = await appendLines(store, known.begun, executions, outcomes);
  for (const [index, first] of known.repeated) {
    const outcome = appended[first] as Outcome;
    appended[index] = 'event_ids' in outcome ? { ...outcome, event_ids: [] } : outcome;
  }
  return appended;
}

async function readKnown(store: EventStore, executions: readonly Execution[]): Promise<Known> {
  const streams = new Map(
    executions.map((one) => [streamOf(one.act.decider.category, one.id), one]),
  );
  const named = executions.map(({ act, id, data }) => referencesOf(act, id, data));
  const asked = new Map(
    executions.flatMap((one) => streamsAskedFor(one).map((stream) => [stream, one.act])),
  );
  const [missing, history, events] = await Promise.all([
    store.findMissingStreams([...new Set(named.flat().map(({ stream }) => stream))]),
    store.readStreams([...new Set([...streams.keys(), ...asked.keys()])]),
    store.findEvents(executions.map(({ eventId }) => eventId(0))),
  ]);
  const histories = Map.groupBy(history, ({ stream }) => stream);
  const lines = [...streams].map(([stream, { act }]): [string, Line] => {
    const past = histories.get(stream) ?? [];
    const state = fold(act.decider, past.map(upcast));
    const { version = 0, position = 0 } = past.at(-1) ?? {};
    return [stream, { stream, version, position, state, events: [], wave: 0, decided: [] }];
  });
  const others = [...asked].map(([stream, { decider }]): [string, unknown] => {
    return [stream, fold(decider, (histories.get(stream) ?? []).map(upcast))];
  });
  return {
    named,
    lines: new Map(lines),
    others: new Map(others),
    begun: [],
    missing: new Set(missing),
    events: new Map(events.map((event) => [event.id, event])),
    pending: new Map(),
    repeated: new Map(),
  };
}

/**
 * The outcome where it is known before anything is appended; `later` where the command names what
 * is appended after earlier events of its own stream.
 */
async function decideOne(
  store: EventStore,
  known: Known,
  execution: Execution,
  index: number,
): Promise<Outcome | 'later' | undefined> {
  const { act, id, data, eventId } = execution;
  const recorded = known.events.get(eventId(0));
  if (recorded !== undefined) return isOf(execution, recorded) ? again(recorded) : eventIdTaken();
  if (known.pending.has(eventId(0))) return eventIdTaken();
  const line = known.lines.get(streamOf(act.decider.category, id)) as Line;
  const command = commandOf(act, id, data);
  const more = act.decider.references?.(command, line.state) ?? [];
  for (const one of await store.findMissingStreams(more.map(({ stream }) => stream))) {
    known.missing.add(one);
  }
  const named = [...(known.named[index] ?? []), ...more];
  const unknown = named.filter((one) => isMissing(known, one));
  if (unknown.length > 0) return unknownReferences(unknown, [...known.missing]);

  const others = await othersOf(store, execution, (stream) => {
    return known.lines.get(stream)?.state ?? known.others.get(stream);
  });
  const decided = act.decider.decide(command, line.state, others);
  if (decided instanceof Rejection) return decided;
  if (decided.length === 0) {
    // What it is already may have been said a moment ago, and is not recorded yet.
    if (line.events.length > 0) line.decided.push({ index, events: 0 });
    const { stream, version, position } = line;
    return line.events.length > 0 ? undefined : { stream, version, position, event_ids: [] };
  }
  const events = toEvents(decided, execution);
  // Here, and not when it is appended: no later one may build on what is refused.
  const large = events.map(bytesOf).find((bytes) => bytes > eventBytesMax);
  if (large !== undefined) return new Rejection('too-large', oversize(large));
  const wave = Math.max(0, ...named.map(({ stream }) => waveAfter(known, line, stream)));
  if (line.events.length > 0 && wave > line.wave) return 'later';
  if (line.events.length === 0) {
    // Never before that of a line begun earlier, so that streams begin in the order of commands.
    line.wave = Math.max(wave, known.begun.at(-1)?.wave ?? 0);
    known.begun.push(line);
  }
  known.pending.set(eventId(0), index);
  line.state = foldOnto(act.decider, line.state, decided);
  line.events.push(...events);
  line.decided.push({ index, events: decided.length });
  return undefined;
}

function isMissing(known: Known, { stream }: Reference): boolean {
  return known.missing.has(stream) && (known.lines.get(stream)?.events.length ?? 0) === 0;
}

function waveAfter({ lines }: Known, own: Line, stream: string): number {
  const named = lines.get(stream);
  return named === undefined || named === own || named.events.length === 0 ? 0 : named.wave + 1;
}

function isOf({ act, id, data }: Execution, recorded: RecordedEvent): boolean {
  if (recorded.stream !== streamOf(act.decider.category, id)) return false;
  if (acts[recorded.type as EventType] !== act) return false;
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
