/** One command's way to a fact: load, decide, append; a lost race is decided again. */
import {
  type Act,
  type ActRejection,
  commandOf,
  referencesOf,
  streamsNamedBy,
} from '../domain/acts.ts';
import { type EventType, schemaVersionOf, upcast } from '../domain/catalogue.ts';
import { fold, Rejection, streamOf } from '../domain/decider.ts';
import type { Reference } from '../domain/references.ts';
import type { Fault } from '../domain/times.ts';
import type { EventStore, Metadata, NewEvent } from './event-store.ts';
import { type Others, othersOf } from './others.ts';
import { turnsOf } from './turns.ts';

/** Of a command that expects no version: in its turn it loses to other processes alone. */
const attemptsMax = 16;

/** A command, and what its events are to be recorded with. */
export type Execution = {
  readonly act: Act;
  /** Of the aggregate's instance. */
  readonly id: string;
  /** As `act.schema` has it. */
  readonly data: object;
  /** The stream's version the client has seen; absent: any. */
  readonly expectedVersion?: number | undefined;
  /** Whether the stream must be there, at whatever version. */
  readonly expectsSome?: boolean;
  /** Whether the stream most likely has no event yet: then it is not read before the append. */
  readonly isLikelyNew?: boolean;
  /**
   * The id of the command's n-th event, from 0: asked again for the same n, it must answer the
   * same.
   */
  readonly eventId: (index: number) => string;
  readonly metadata: Metadata;
};

/** The fact: `event_ids` is empty where it was already so and nothing new was recorded. */
export type Recorded = {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly event_ids: readonly string[];
};

/** `overloaded`: who expected no version met others on the stream again and again. */
export type ExecuteRejection =
  | 'reference-unknown'
  | 'event-id-taken'
  | 'too-large'
  | 'wrong-version'
  | 'overloaded';
export type Refusal = Rejection<ActRejection | ExecuteRejection>;
export type Outcome = Recorded | Refusal;

/** The stream is not at the version that the client expected, or not there though it is to be. */
export class WrongExpectedVersion extends Rejection<'wrong-version'> {
  readonly currentVersion: number;
  constructor(currentVersion: number) {
    super('wrong-version', `the stream is at version ${currentVersion}`);
    this.currentVersion = currentVersion;
  }
}

/** Answers with the fact, or with why there is none; throws when the log cannot be reached. */
export async function execute(store: EventStore, execution: Execution): Promise<Outcome> {
  const { act, id, expectedVersion, expectsSome = false, isLikelyNew = false } = execution;
  const stream = streamOf(act.decider.category, id);
  const named = streamsNamedBy(act, id, execution.data);
  // Most often they are known: to wait for an answer that is there costs a lone append 4 us.
  const missing = store.knowsStreams(named) ? [] : await store.findMissingStreams(named);
  if (missing.length > 0) {
    return unknownReferences(referencesOf(act, id, execution.data), missing);
  }

  const command = commandOf(act, id, execution.data);
  const turns = turnsOf(store);
  const isAny = expectedVersion === undefined;
  let endTurn = isAny && turns.areTaken(stream) ? await turns.take(stream) : undefined;
  try {
    const guess = isLikelyNew && isAny && !expectsSome;
    let history = guess ? [] : await store.readStream(stream);
    for (let attempt = guess ? 0 : 1; ; attempt += 1) {
      const version = history.length;
      if (!isAny && expectedVersion !== version) return new WrongExpectedVersion(version);
      const state = fold(act.decider, history.map(upcast));
      const further = act.decider.references?.(command, state) ?? [];
      const refused = further.length === 0 ? undefined : await refuseUnknown(store, further);
      const asked = othersOf(store, execution);
      const others = asked && (await asked);
      const decided = refused ?? decide(execution, command, state, others);
      if (attempt > 0 && decided instanceof Rejection) return decided;
      if (!(decided instanceof Rejection) && decided.length > 0) {
        if (expectsSome && version === 0) return new WrongExpectedVersion(version);
        const result = await store.append({ stream, expectedVersion: version, events: decided });
        if ('position' in result) {
          const event_ids = decided.map((event) => event.id);
          return { stream, version: result.version, position: result.position, event_ids };
        }
        if (result.outcome === 'id_conflict') return eventIdTaken();
        if (!isAny) return new WrongExpectedVersion(result.currentVersion);
        if (attempt === attemptsMax) return outrun();
        endTurn ??= await turns.take(stream);
      } else if (attempt > 0) {
        return { stream, version, position: history.at(-1)?.position ?? 0, event_ids: [] };
      }
      history = await store.readStream(stream);
    }
  } finally {
    endTurn?.();
  }
}

function decide(
  execution: Execution,
  command: object,
  state: unknown,
  others: Others | undefined,
): NewEvent[] | Refusal {
  const decided = execution.act.decider.decide(command, state, others);
  return decided instanceof Rejection ? decided : toEvents(decided, execution);
}

async function refuseUnknown(
  store: EventStore,
  named: readonly Reference[],
): Promise<Refusal | undefined> {
  const missing = await store.findMissingStreams(named.map((one) => one.stream));
  return missing.length > 0 ? unknownReferences(named, missing) : undefined;
}

/** Decided facts as events to append. */
export function toEvents(
  facts: readonly { type: EventType; data: object }[],
  { eventId, metadata }: Pick<Execution, 'eventId' | 'metadata'>,
): NewEvent[] {
  return facts.map(({ type, data }, index) => ({
    id: eventId(index),
    type,
    schema_version: schemaVersionOf(type),
    data,
    metadata,
  }));
}

/** The refusal of a command that names what is not registered. */
export function unknownReferences(
  named: readonly Reference[],
  missing: readonly string[],
): Refusal {
  const faults: Fault[] = named
    .filter(({ stream }) => missing.includes(stream))
    .map(({ pointer, stream }) => ({ pointer, detail: `there is no ${stream.replace('-', ' ')}` }));
  return new Rejection('reference-unknown', 'the command names what is not registered', faults);
}

function outrun(): Refusal {
  const detail = 'the stream was written to again and again; send it once more';
  return new Rejection('overloaded', detail);
}

/** The refusal of a command whose event's id is another event's. */
export function eventIdTaken(): Refusal {
  return new Rejection('event-id-taken', 'an event of this id was recorded with other content');
}
