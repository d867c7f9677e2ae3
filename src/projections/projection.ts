/** What a projection is: a read model's tables, and what each event does to their rows. */
import type { DataOf, EventType } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import type { Row, Rows, Table } from './rows.ts';

/** A recorded event of a known type, its data typed. */
export type EventFact<T extends EventType> = Omit<RecordedEvent, 'type' | 'data'> & {
  readonly type: T;
  readonly data: DataOf<T>;
};
export type Fact = EventFact<EventType>;

/** One handler per event type of `T`; its keys are what the projection reads of the log. */
export type Handlers<T extends EventType, Context> = {
  readonly [K in T]: (event: EventFact<K>, context: Context) => void;
};

export type Want = (table: string, key: string) => void;
export type Loaded = (table: string, key: string) => Row | undefined;

export type Projection = {
  readonly name: string;
  /** Of the tables' shape and meaning: a change of either is a new version, built from the log. */
  readonly version: number;
  readonly types: readonly string[];
  /** By a short name that stands last in the table's own. */
  readonly tables: Readonly<Record<string, Table>>;
  /**
   * Tells by `want` what `project` will ask for, to be loaded for a batch at once. Called again
   * once it is `loaded`, which may lead to more.
   */
  readonly hint?: (event: Fact, want: Want, loaded: Loaded) => void;
  /** Changes rows as one event has it. Pure: the same event and rows, the same change. */
  readonly project: (event: Fact, rows: Readonly<Record<string, Rows>>) => void;
};

/** A `project` of one handler per event type, which know the names of the tables. */
export function projectBy<T extends EventType, Name extends string>(
  handlers: Handlers<T, Readonly<Record<Name, Rows>>>,
): Projection['project'] {
  return (event, rows) => {
    handlers[event.type as T](event as EventFact<T>, rows as Readonly<Record<Name, Rows>>);
  };
}
