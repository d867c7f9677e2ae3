/**
 * Rows with a history. Each holds from the position of the event that made it, `since`, up to that
 * of the event that ended it, `until`: as of position P, a row is there if since <= P < until. What
 * is so now is what is so as of the view's own position, by the same statement.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import { int8Array, jsonArray, textArray } from '../eventstore/binary-array.ts';
import type { Projection } from './projection.ts';

/** `until` of a row that nothing has ended: beyond every position, and safe in JavaScript. */
export const forever = Number.MAX_SAFE_INTEGER;

export type ColumnType = 'text' | 'timestamptz' | 'bigint' | 'double precision' | 'text[]';
export type Table = {
  /** Beside `key`, `since`, `until` and `body`, which is JSON: what is searched and sorted by. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Their columns; `since` and `until` come last, so that the index alone tells what is held. */
  readonly indexes: readonly string[];
  /** Columns of arrays with an index of their elements (GIN). */
  readonly inverted?: readonly string[];
  /** Columns of text that `Rows.by` is asked by: an index begins with each. */
  readonly lookups?: readonly string[];
  /**
   * Rows that one event makes and none replaces: keyed by `since`, without `key` and `until`. They
   * are put under `String(position)` and never got.
   */
  readonly once?: true;
};
type Value = string | number | readonly string[] | null;
export type Row = { readonly body: object } & Readonly<Record<string, Value | object>>;

/** The current rows of one table as a handler sees them: after the events before, and its own. */
export type Rows = {
  /** Any key may be asked for at any time; what it answers is not to be changed in place. */
  get(key: string): Row | undefined;
  /** Those with this value in a column of the table's `lookups`, by key. */
  by(column: string, value: string): readonly (Row & { readonly key: string })[];
  /** Makes or replaces the row. */
  put(key: string, row: Row): void;
};
export type Version = { key: string; since: number; until: number; row: Row };

/** The table of a generation. */
export function tableOf(projection: Projection, generation: number, name: string): string {
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

/** Makes the tables of a generation; safe to call again. */
export async function createTables(db: Db, projection: Projection, generation: number) {
  for (const [name, { columns, once }] of Object.entries(projection.tables)) {
    const own = Object.entries(columns).map(([column, type]) => {
      // In the order of bytes, which is the same everywhere and the cheapest to compare.
      return sql`${sql.ref(column)} ${sql.raw(type === 'text' ? 'text collate "C"' : type)}`;
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
    await createIndexesOf(db, projection, generation, name, true);
  }
}

/** Makes their indexes: after the rows, where there are many. Safe to call again. */
export async function createIndexes(db: Db, projection: Projection, generation: number) {
  for (const name of Object.keys(projection.tables)) {
    await createIndexesOf(db, projection, generation, name, false);
  }
}

// Those that the fold itself looks up by are there from the first row on.
async function createIndexesOf(
  db: Db,
  projection: Projection,
  generation: number,
  name: string,
  forLookups: boolean,
) {
  const { indexes, inverted = [], once, lookups = [] } = projection.tables[name] as Table;
  const table = tableOf(projection, generation, name);
  for (const [i, columns] of indexes.entries()) {
    if (forLookups && !lookups.includes(columns.split(',')[0] as string)) continue;
    await sql`create index if not exists ${sql.id(`${table}_${i}`)}
      on ${sql.table(table)} (${sql.raw(columns)}, since${sql.raw(once ? '' : ', until')})`.execute(
      db,
    );
  }
  if (forLookups) return;
  for (const column of inverted) {
    await sql`create index if not exists ${sql.id(`${table}_${column}`)}
      on ${sql.table(table)} using gin (${sql.ref(column)})`.execute(db);
  }
}

export async function dropTables(db: Db, projection: Projection, generation: number) {
  for (const name of Object.keys(projection.tables)) {
    await sql`drop table if exists ${sql.table(tableOf(projection, generation, name))}`.execute(db);
  }
}

/** The current rows of what a fold wants. */
export async function loadRows(
  db: Db,
  table: string,
  { columns }: Table,
  wanted: { readonly keys: Iterable<string>; readonly groups: Map<string, Iterable<string>> },
): Promise<Version[]> {
  const own = sql.join(['body', ...Object.keys(columns)].map((column) => sql.ref(`t.${column}`)));
  const keys = [...wanted.keys];
  const selects: RawBuilder<Row & { key: string; since: number }>[] = [];
  // The last version of each key alone: some have many. Nothing ends a row but the next version.
  if (keys.length > 0) {
    selects.push(sql`
      select t.key, t.since, ${own} from unnest(${textArray(keys)}::text[]) as wanted(key)
      cross join lateral (select * from ${sql.table(table)} r where r.key = wanted.key
                          order by r.since desc limit 1) as t`);
  }
  for (const [column, values] of wanted.groups) {
    selects.push(sql`
      select t.key, t.since, ${own} from ${sql.table(table)} t
      where ${sql.ref(`t.${column}`)} = any (${textArray([...values])}::text[])
        and t.until = ${forever}`);
  }
  const found = await Promise.all(selects.map((select) => select.execute(db)));
  return found
    .flatMap(({ rows }) => rows)
    .map(({ key, since, ...row }) => ({ key, since, until: forever, row }));
}

/** Stores what a fold ended and made. */
export async function saveRows(
  db: Db,
  table: string,
  { columns, once }: Table,
  { made, ended, unseen }: { readonly [K in 'made' | 'ended' | 'unseen']: readonly Version[] },
): Promise<void> {
  if (unseen.length > 0) {
    await sql`
      update ${sql.table(table)} as t set until = next.since
      from unnest(${textArray(unseen.map(({ key }) => key))}::text[],
                  ${int8Array(unseen.map(({ since }) => since))}::bigint[]) as next(key, since)
      where t.key = next.key and t.until = ${forever}`.execute(db);
  }
  if (ended.length > 0) {
    await sql`
      update ${sql.table(table)} as t set until = ended.until
      from unnest(${textArray(ended.map(({ key }) => key))}::text[],
                  ${int8Array(ended.map(({ since }) => since))}::bigint[],
                  ${int8Array(ended.map(({ until }) => until))}::bigint[])
        as ended(key, since, until)
      where t.key = ended.key and t.since = ended.since`.execute(db);
  }
  if (made.length === 0) return;
  const since = sql`unnest(${int8Array(made.map(({ since }) => since))}::bigint[])`;
  const body = sql`unnest(${jsonArray(made.map(({ row }) => JSON.stringify(row.body)))}::json[])`;
  const values: [string, RawBuilder<unknown>][] = Object.entries(columns).map(([column, type]) => {
    const texts = made.map(({ row }) => textOf(row[column] as Value));
    return [column, sql`unnest(${textArray(texts)}::text[])::${sql.raw(type)}`];
  });
  values.push(['since', since], ['body', body]);
  if (!once) {
    values.push(
      ['key', sql`unnest(${textArray(made.map(({ key }) => key))}::text[])`],
      ['until', sql`unnest(${int8Array(made.map(({ until }) => until))}::bigint[])`],
    );
  }
  await sql`
    insert into ${sql.table(table)} (${sql.join(values.map(([column]) => sql.ref(column)))})
    select ${sql.join(values.map(([, value]) => value))}`.execute(db);
}

// As PostgreSQL reads it: an array of ids as an array literal, in which JSON's quotation is right
// for what ids may hold.
function textOf(value: Value): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return `{${value.map((one) => JSON.stringify(one)).join(',')}}`;
}
