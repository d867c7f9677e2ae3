/** The port: an append-only log of streams with dense positions in commit order. */

export type Metadata = {
  readonly correlation_id: string;
  readonly causation_id?: string;
  readonly recorded_by: string;
  readonly request_sha256?: string;
  readonly traceparent?: string;
};

/** Of an event's id: a UUID, in lower case. */
export const eventIdPattern = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

export type NewEvent = {
  /**
   * UUID, in lower case. The same id with the same content (stream, type, schema version, data) is
   * the same event, appended once. UUIDv7 keeps the index of ids compact.
   */
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: object;
  readonly metadata: Metadata;
};

export type RecordedEvent = NewEvent & {
  /** Dense from 1, in commit order over the whole log. */
  readonly position: number;
  readonly stream: string;
  /** Dense from 1 within the stream. */
  readonly version: number;
  /** RFC 3339, UTC, set by the database; never decreases with position. */
  readonly recorded_at: string;
};

export type Append = {
  readonly stream: string;
  /** The version the stream must have: 0 for none, or any. */
  readonly expectedVersion: number | 'any';
  readonly events: readonly NewEvent[];
};

export type AppendResult =
  /**
   * `version` and `position` are the last event's; `duplicate` had been stored, all of it and in
   * this order, by an earlier append.
   */
  | {
      readonly outcome: 'stored' | 'duplicate';
      readonly version: number;
      readonly position: number;
    }
  | { readonly outcome: 'wrong_version' | 'id_conflict'; readonly currentVersion: number };

export type EventStore = {
  /**
   * Durable once resolved. Rejects with `Overloaded` when its queue is full, with `TooLarge` over a
   * limit, with a `TypeError` for what is no append. Any other error leaves open whether it was
   * stored; the same append sent again answers that.
   */
  append(append: Append): Promise<AppendResult>;
  /** The stream's events from version 1, empty if there are none. */
  readStream(stream: string): Promise<RecordedEvent[]>;
  /** The events of all these streams in order of position. */
  readStreams(streams: readonly string[]): Promise<RecordedEvent[]>;
  /**
   * Up to `limit` events after `position`, in order; fewer if their data and metadata would be over
   * `bytesMax` together, but one at least if there is one.
   */
  readLog(position: number, limit: number, bytesMax: number): Promise<RecordedEvent[]>;
  findEvent(id: string): Promise<RecordedEvent | undefined>;
  /** Those of `ids` that are there, in order of position. */
  findEvents(ids: readonly string[]): Promise<RecordedEvent[]>;
  /**
   * Whether the store knows without asking that each of `streams` has an event: so has been found
   * before. `false` says nothing.
   */
  knowsStreams(streams: readonly string[]): boolean;
  /** Which of `streams` have no event. */
  findMissingStreams(streams: readonly string[]): Promise<string[]>;
  /** Up to `limit` streams whose names begin with `prefix` and come after `after`, by name. */
  listStreams(prefix: string, after: string, limit: number): Promise<string[]>;
  /** The last position; 0 for an empty log. */
  head(): Promise<number>;
};

/** The queue of appends is full: try again later. Nothing was stored. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** An append is over a limit, named in the message. Nothing was stored. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}
