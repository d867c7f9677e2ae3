/**
 * Rows with a history. Each holds from the position of the event that made it, `since`, up to that
 * of the event that ended it, `until`: as of position P, a row is there if since <= P < until. What
 * is so now is what is so as of the view's own position, by the same statement.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import type { Projection } from './projection.ts';
import type { Recalled } from './recalled.ts';
import type { Tag } from './tags.ts';

/** `until` of a row that nothing has ended: beyond every position, and safe in JavaScript. */
export const forever = Number.MAX_SAFE_INTEGER;

/**
 * `ms` is a timestamptz whose values here are ms since 1970; -Infinity comes before all. `tags` are
 * bigints, never null.
 */
export type ColumnType =
  | 'text'
  | 'timestamptz'
  | 'ms'
  | 'bigint'
  | 'double precision'
  | 'text[]'
  | 'tags';
export type Table = {
  /** Beside `key`, `since`, `until` and `body`, which is JSON: what is searched and sorted by. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Their columns; `since` and `until` come last, so that the index alone tells what is held. */
  readonly indexes: readonly string[];
  /** Columns of arrays with an index of their elements (GIN). */
  readonly inverted?: readonly string[];
  /** Indexes of another kind, in SQL: method, columns, condition. */
  readonly otherIndexes?: readonly string[];
  /**
   * Rows that one event makes and none replaces: keyed by `since`, without `key` and `until`. They
   * are put under `String(position)` and never got.
   */
  readonly once?: true;
  /** What the log tells of a row, which is not stored: beside its columns and its body. */
  readonly recalled?: Recalled;
};
export type Value = string | number | readonly string[] | readonly Tag[] | null;
export type Row = { readonly body: object } & Readonly<Record<string, Value | object>>;

/** The current rows of one table as a handler sees them: after the events before, and its own. */
export type Rows = {
  /** Any key may be asked for at any time; what it answers is not to be changed in place. */
  get(key: string): Row | undefined;
  /** Makes or replaces the row. */
  put(key: string, row: Row): void;
  /** Makes a row that surely is not there yet: so nothing is looked up, here or in the table. */
  add(key: string, row: Row): void;
};
export type Version = { key: string; since: number; until: number; row: Row };

type Named = Pick<Projection, 'name' | 'version'>;

/** The table of a generation. */
export function tableOf(projection: Named, generation: number, name: string): string {
  return `${projection.name}_v${projection.version}_g${generation}_${name}`;
}

/** Whether a row was there as of `position`. */
export function heldAt(position: number, alias = 't'): RawBuilder<boolean> {
  const [since, until] = [sql.ref(`${alias}.since`), sql.ref(`${alias}.until`)];
  return sql<boolean>`(${since} <= ${position} and ${until} > ${position})`;
}

/** Whether a row of a table that is filled once was there as of `position`. */
export function madeBy(position: number, alias = 't'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${alias}.since`)} <= ${position}`;
}

/**
 * The rows of a table that were there as of `position`, by key, after the key `after`; of one
 * conflict where one is given, for which the table has an index that begins with `conflict_id,
 * key`. Goes from key to key: what a row costs does not grow with its versions, before or after.
 */
export function heldByKey(
  stored: string,
  { position, conflict, after = '' }: { position: number; conflict?: string; after?: string },
): RawBuilder<unknown> {
  const table = sql.table(stored);
  const ofConflict = conflict === undefined ? sql`` : sql`and conflict_id = ${conflict}`;
  const next = (than: RawBuilder<unknown>) => sql`
    (select key from ${table} where key > ${than} ${ofConflict} order by key limit 1)`;
  return sql`(
    with recursive keys as (
      select ${next(sql`${after}`)} as key
      union all select ${next(sql`keys.key`)} from keys where keys.key is not null)
    select last.* from keys
    cross join lateral (select * from ${table} r where r.key = keys.key
      and r.since <= ${position} order by r.since desc limit 1) as last
    where last.until > ${position})`;
}

const sqlTypes: Readonly<Record<string, string>> = {
  text: 'text collate "C"',
  ms: 'timestamptz',
  tags: 'bigint[]',
};

/** Makes the tables of a generation; safe to call again. */
export async function createTables(db: Db, projection: Projection, generation: number) {
  for (const [name, { columns, once }] of Object.entries(projection.tables)) {
    const own = Object.entries(columns).map(([column, type]) => {
      // In the order of bytes, which is the same everywhere and the cheapest to compare.
      return sql`${sql.ref(column)} ${sql.raw(sqlTypes[type] ?? type)}`;
    });
    const all = once
      ? [sql`since bigint primary key`, ...own, sql`body json not null`]
      : [
          sql`key text collate "C" not null, since bigint not null`,
          ...own,
          sql`until bigint not null, body json not null, primary key (key, since)`,
        ];
    await sql`create table if not exists ${sql.table(tableOf(projection, generation, name))}
      (${sql.join(all)})`.execute(db);
  }
}

/** An index of a table, and what makes it, where it is not there. */
export type Index = {
  readonly name: string;
  readonly isInverted: boolean;
  readonly statement: RawBuilder<unknown>;
};

// What is new waits in a list, which every search reads through, and is put in its place by whoever
// finds the list full: by PostgreSQL's own choice (4 MB) that took one batch 75 ms.
const pendingKilobytesMax = 128;
const invertedOf = (column: string) =>
  sql`using gin (${sql.ref(column)})
      with (gin_pending_list_limit = ${sql.lit(pendingKilobytesMax)})`;

/** The indexes of a generation's tables. */
export function indexesOf(projection: Projection, generation: number): Index[] {
  return Object.entries(projection.tables).flatMap(([name, own]) => {
    const table = tableOf(projection, generation, name);
    const { indexes, inverted = [], otherIndexes = [], once } = own;
    const index = (suffix: string | number, how: RawBuilder<unknown>, isInverted = false) => {
      const name = `${table}_${suffix}`;
      const on = sql`on ${sql.table(table)} ${how}`;
      return { name, isInverted, statement: sql`create index if not exists ${sql.id(name)} ${on}` };
    };
    const last = once ? 'since' : 'since, until';
    return [
      ...indexes.map((columns, i) => index(i, sql.raw(`(${columns}, ${last})`))),
      ...inverted.map((column) => index(column, invertedOf(column), true)),
      ...otherIndexes.map((how, i) => index(`other_${i}`, sql.raw(how))),
    ];
  });
}

/** Makes their indexes. Safe to call again. */
export async function createIndexes(db: Db, projection: Projection, generation: number) {
  for (const { statement } of indexesOf(projection, generation)) await statement.execute(db);
}

/**
 * Has a generation's tables as they are best while they are being filled, or when they are full.
 * Autovacuum would go through all of them as they grow, over and over. And what ends a version is
 * written where it was, if there is room: as long as no index has `until`, none is touched then.
 */
export async function setFilling(
  db: Db,
  projection: Projection,
  generation: number,
  isFilling: boolean,
): Promise<void> {
  for (const [name, { once }] of Object.entries(projection.tables)) {
    const options = sql.raw(`autovacuum_enabled = off${once ? '' : ', fillfactor = 85'}`);
    const change = isFilling ? sql`set (${options})` : sql`reset (autovacuum_enabled, fillfactor)`;
    const table = sql.table(tableOf(projection, generation, name));
    await sql`alter table ${table} ${change}`.execute(db);
  }
}

/** Tells the planner what is in them, for whoever reads them first. */
export async function analyzeTables(db: Db, projection: Projection, generation: number) {
  for (const name of Object.keys(projection.tables)) {
    await sql`analyze ${sql.table(tableOf(projection, generation, name))}`.execute(db);
  }
}

/** Drops the tables of a generation, also of a version that had others than there are now. */
export async function dropTables(db: Db, projection: Named, generation: number): Promise<void> {
  const { rows } = await sql<{ table: string }>`
    select tablename as table from pg_tables where schemaname = current_schema()
      and starts_with(tablename, ${tableOf(projection, generation, '')})`.execute(db);
  for (const { table } of rows) await sql`drop table ${sql.table(table)}`.execute(db);
}
