/** One command's way to a fact: load, decide, append; a lost race is decided again. */
import type { TSchema } from 'typebox';
import { catalogue, schemaVersion } from '../domain/catalogue.ts';
import { type Decider, type Fault, fold, Rejection, streamOf } from '../domain/decider.ts';
import { findReferences } from '../domain/references.ts';
import type { EventStore, Metadata, RecordedEvent } from './event-store.ts';

const attemptsMax = 4;

/** A command, its schema, and what its events are to be recorded with. */
export type Execution<Command> = {
  readonly id: string;
  readonly command: Command & { readonly data: unknown };
  readonly schema: TSchema;
  /** The stream's version the client has seen; absent: any. */
  readonly expectedVersion?: number | undefined;
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

/** The stream is not at the version that the client expected. */
export class WrongExpectedVersion {
  readonly currentVersion: number;
  constructor(currentVersion: number) {
    this.currentVersion = currentVersion;
  }
}

export type ExecuteRejection = 'reference-unknown' | 'event-id-taken';

/** Answers with the fact, or with why there is none; throws when the log cannot be reached. */
export async function execute<
  State,
  Command,
  Event extends { type: string; data: object },
  Code extends string,
>(
  store: EventStore,
  decider: Decider<State, Command, Event, Code>,
  execution: Execution<Command>,
): Promise<Recorded | Rejection<Code | ExecuteRejection> | WrongExpectedVersion> {
  const unknown = await unknownReferences(store, execution);
  if (unknown.length > 0) {
    return new Rejection('reference-unknown', 'the command names what is not registered', unknown);
  }
  const stream = streamOf(decider.category, execution.id);
  for (let attempt = 1; ; attempt += 1) {
    const history = await store.readStream(stream);
    const version = history.length;
    const { expectedVersion } = execution;
    if (expectedVersion !== undefined && expectedVersion !== version) {
      return new WrongExpectedVersion(version);
    }
    const decided = decider.decide(
      execution.command,
      fold(decider, inCatalogue(history) as Iterable<Event>),
    );
    if (decided instanceof Rejection) return decided;
    if (decided.length === 0) {
      return { stream, version, position: history.at(-1)?.position ?? 0, event_ids: [] };
    }
    const events = decided.map(({ type, data }, index) => ({
      id: execution.eventId(index),
      type,
      schema_version: schemaVersion,
      data,
      metadata: execution.metadata,
    }));
    const result = await store.append({ stream, expectedVersion: version, events });
    if ('position' in result) {
      const { position } = result;
      return { stream, version: result.version, position, event_ids: events.map(({ id }) => id) };
    }
    if (result.outcome === 'id_conflict') {
      return new Rejection('event-id-taken', 'an event of this id was recorded with other content');
    }
    if (expectedVersion !== undefined || attempt === attemptsMax) {
      return new WrongExpectedVersion(result.currentVersion);
    }
  }
}

async function unknownReferences<C>(store: EventStore, execution: Execution<C>): Promise<Fault[]> {
  const references = findReferences(execution.schema, execution.command.data);
  const missing = new Set(await store.findMissingStreams(references.map(({ stream }) => stream)));
  return references
    .filter(({ stream }) => missing.has(stream))
    .map(({ pointer, stream }) => ({ pointer, detail: `there is no ${stream.replace('-', ' ')}` }));
}

function inCatalogue(history: readonly RecordedEvent[]): Iterable<{ type: string }> {
  const stranger = history.find(({ type }) => !(type in catalogue));
  if (stranger) throw new Error(`${stranger.type} at ${stranger.position} is not in the catalogue`);
  return history;
}
