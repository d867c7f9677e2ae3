/** What a projection is: a read model's tables, and what each event does to them. */
import type { Db } from '../db.ts';
import type { DataOf, EventType } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';

/** A recorded event of a known type, its data typed. */
export type EventFact<T extends EventType> = Omit<RecordedEvent, 'type' | 'data'> & {
  readonly type: T;
  readonly data: DataOf<T>;
};

/** One handler per event type of `T`; its keys are what the projection reads of the log. */
export type Handlers<T extends EventType, Context> = {
  readonly [K in T]: (event: EventFact<K>, context: Context) => void;
};

export type Projection = {
  readonly name: string;
  /** Of the tables' shape and meaning: a change of either is a new version, built from the log. */
  readonly version: number;
  readonly types: readonly string[];
  /** Makes the tables; safe to call again. */
  readonly createTables: (db: Db) => Promise<void>;
  /** Applies events, in order of position, within the caller's transaction. */
  readonly apply: (transaction: Db, events: readonly RecordedEvent[]) => Promise<void>;
};

/** Calls the handler of each event. */
export function handleEach<T extends EventType, Context>(
  handlers: Handlers<T, Context>,
  events: readonly RecordedEvent[],
  context: Context,
): void {
  for (const event of events) {
    const handler = handlers[event.type as T];
    handler(event as EventFact<T>, context);
  }
}
