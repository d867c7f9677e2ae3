/** The register: conflicts, actors, places and reports as they are known now, by their ids. */
import { sql } from 'kysely';
import { type Static, type TObject, Type } from 'typebox';
import type { Db } from '../db.ts';
import { catalogue, type EventType } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { type EventFact, type Handlers, handleEach, type Projection } from './projection.ts';
import { type AsOf, readAsOf } from './vintage.ts';

const table = 'registry_v1';

export const categories = ['conflict', 'actor', 'place', 'report'] as const;
export type Category = (typeof categories)[number];

const kept = {
  version: Type.Integer(),
  position: Type.Integer({ description: 'Of the last event about it.' }),
  recorded_at: Type.String({ description: 'When that was recorded.' }),
};
const entry = <S extends TObject>(registered: S, idMember: string, more: object = {}) => {
  const { [idMember]: id, ...properties } = registered.properties;
  return Type.Object({ id, ...properties, ...more, ...kept } as never);
};
/** An entry of each category, as it is now. */
export const entries: Readonly<Record<Category, TObject>> = {
  conflict: entry(catalogue.ConflictRegistered, 'conflict_id'),
  actor: entry(catalogue.ActorRegistered, 'actor_id', {
    former_names: Type.Array(Type.String(), { description: 'Oldest first.' }),
  }),
  place: entry(catalogue.PlaceRegistered, 'place_id', { aliases: Type.Array(Type.String()) }),
  report: entry(catalogue.ReportPublished, 'report_id', {
    report_version: Type.Integer({ description: '1 as first published.' }),
    lifecycle: Type.String({ enum: ['active', 'corrected', 'retracted'] }),
    reason: Type.Optional(Type.String({ description: 'Of its last correction or retraction.' })),
  }),
};
export type Entry = { readonly id: string } & Static<TObject<typeof kept>> &
  Readonly<Record<string, unknown>>;

type Row = { category: Category; id: string; outline: string | null; body: Entry };
type Rows = Map<string, Row>;

const handlers: Handlers<
  | 'ConflictRegistered'
  | 'ActorRegistered'
  | 'ActorRenamed'
  | 'PlaceRegistered'
  | 'PlaceAliasAdded'
  | 'ReportPublished'
  | 'ReportCorrected'
  | 'ReportRetracted',
  Rows
> = {
  ConflictRegistered: (event, rows) => {
    const { conflict_id: id, ...body } = event.data;
    put(rows, event, 'conflict', id, null, body);
  },
  ActorRegistered: (event, rows) => {
    const { actor_id: id, ...body } = event.data;
    put(rows, event, 'actor', id, body.kind, { ...body, former_names: [] });
  },
  ActorRenamed: (event, rows) => {
    const before = rowOf(rows, 'actor', event.data.actor_id);
    const former_names = [...(before.body.former_names as string[]), before.body.name];
    change(before, event, { name: event.data.name, former_names });
  },
  PlaceRegistered: (event, rows) => {
    const { place_id: id, ...body } = event.data;
    put(rows, event, 'place', id, body.within ?? null, { ...body, aliases: body.aliases ?? [] });
  },
  PlaceAliasAdded: (event, rows) => {
    const before = rowOf(rows, 'place', event.data.place_id);
    change(before, event, { aliases: [...(before.body.aliases as string[]), event.data.alias] });
  },
  ReportPublished: (event, rows) => {
    const { report_id: id, ...body } = event.data;
    const state = { report_version: 1, lifecycle: 'active' };
    put(rows, event, 'report', id, body.outlet_id, { ...body, ...state });
  },
  ReportCorrected: (event, rows) => {
    const { report_id, corrected_at: _when, ...changes } = event.data;
    const before = rowOf(rows, 'report', report_id);
    const report_version = (before.body.report_version as number) + 1;
    change(before, event, { ...changes, report_version, lifecycle: 'corrected' });
  },
  ReportRetracted: (event, rows) => {
    const { report_id, reason } = event.data;
    change(rowOf(rows, 'report', report_id), event, { lifecycle: 'retracted', reason });
  },
};

/** A row per entry; `outline` is what its list is filtered by: kind, place within, outlet. */
export const registry: Projection = {
  name: 'registry',
  version: 1,
  types: Object.keys(handlers),
  async createTables(db) {
    await sql`create table if not exists ${sql.table(table)} (
      category text not null, id text collate "C" not null, outline text, body json not null,
      primary key (category, id))`.execute(db);
    await sql`create index if not exists registry_v1_outlines on ${sql.table(table)}
      (category, outline, id)`.execute(db);
  },
  async apply(transaction, events) {
    const rows = await loadRows(transaction, events);
    handleEach(handlers, events, rows);
    await saveRows(transaction, [...rows.values()]);
  },
};

/** A page of a category, by id; `outline` and `after` narrow it. */
export type EntryQuery = { outline?: string; after?: string; limit: number };
export type EntryPage = { items: Entry[]; next: string | null; as_of: AsOf };

export function listEntries(db: Db, category: Category, query: EntryQuery): Promise<EntryPage> {
  const { outline, after = '', limit } = query;
  return inSnapshot(db, async (snapshot, as_of) => {
    const { rows } = await sql<Row>`
      select body from ${sql.table(table)}
      where category = ${category} and id > ${after}
        and (${outline ?? null}::text is null or outline = ${outline ?? null})
      order by id limit ${limit + 1}`.execute(snapshot);
    const items = rows.slice(0, limit).map(({ body }) => body);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null, as_of };
  });
}

/** The entry, or undefined if it is not known. */
export function findEntry(
  db: Db,
  category: Category,
  id: string,
): Promise<(Entry & { as_of: AsOf }) | undefined> {
  return inSnapshot(db, async (snapshot, as_of) => {
    const { rows } = await sql<Row>`
      select body from ${sql.table(table)}
      where category = ${category} and id = ${id}`.execute(snapshot);
    return rows[0] && { ...rows[0].body, as_of };
  });
}

// Rows and their vintage from one snapshot.
function inSnapshot<T>(db: Db, read: (snapshot: Db, as_of: AsOf) => Promise<T>): Promise<T> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (snapshot) => read(snapshot, await readAsOf(snapshot, registry)));
}

type Fact = EventFact<EventType>;

function put(
  rows: Rows,
  event: Fact,
  category: Category,
  id: string,
  outline: string | null,
  body: object,
): void {
  const row = { category, id, outline, body: { id, ...body, ...keptOf(event) } };
  rows.set(event.stream, row);
}

function change(row: Row, event: Fact, changes: object): void {
  row.body = { ...row.body, ...changes, ...keptOf(event) };
}

function keptOf({ version, position, recorded_at }: Fact) {
  return { version, position, recorded_at };
}

function rowOf(rows: Rows, category: Category, id: string): Row {
  const row = rows.get(`${category}-${id}`);
  if (row === undefined) throw new Error(`${category} ${id} was never registered`);
  return row;
}

async function loadRows(transaction: Db, events: readonly RecordedEvent[]): Promise<Rows> {
  const streams = new Set(events.filter(({ version }) => version > 1).map(({ stream }) => stream));
  if (streams.size === 0) return new Map();
  const { rows } = await sql<Row>`
    select * from ${sql.table(table)}
    where (category, id) in (
      select split_part(stream, '-', 1), substr(stream, strpos(stream, '-') + 1)
      from unnest(${[...streams]}::text[]) as stream)`.execute(transaction);
  return new Map(rows.map((row) => [`${row.category}-${row.id}`, row]));
}

async function saveRows(transaction: Db, rows: readonly Row[]): Promise<void> {
  const column = <C extends keyof Row>(name: C) => rows.map((row) => row[name]);
  await sql`
    insert into ${sql.table(table)} (category, id, outline, body)
    select * from unnest(${column('category')}::text[], ${column('id')}::text[],
      ${column('outline')}::text[], ${rows.map(({ body }) => JSON.stringify(body))}::json[])
    on conflict (category, id) do update
      set outline = excluded.outline, body = excluded.body`.execute(transaction);
}
