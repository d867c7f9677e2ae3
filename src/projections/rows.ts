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

export type ColumnType = 'text' | 'timestamptz' | 'bigint' | 'text[]';
export type Table = {
  /** Beside `key`, `since`, `until` and `body`, which is JSON: what is searched and sorted by. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Their columns; `since` and `until` come last, so that the index alone tells what is held. */
  readonly indexes: readonly string[];
};
type Value = string | number | readonly string[] | null;
export type Row = { readonly body: object } & Readonly<Record<string, Value | object>>;

/** The current rows of one table while events are folded into them. */
export type Rows = {
  get(key: string): Row | undefined;
  /** Makes or replaces the row. */
  put(key: string, row: Row): void;
};
export type Version = { key: string; since: number; until: number; row: Row };
export type Fold = Rows & {
  /** The position of the event that is being folded. */
  position: number;
  readonly made: readonly Version[];
  readonly ended: readonly Version[];
};

/** Folds onto the rows that were `loaded`, and leaves a version for each position between. */
export function foldOnto(loaded: readonly Version[]): Fold {
  const current = new Map(loaded.map((version) => [version.key, version]));
  const stored = new Set(loaded);
  const made: Version[] = [];
  const ended: Version[] = [];
  return {
    position: 0,
    made,
    ended,
    get: (key) => current.get(key)?.row,
    put(key, row) {
      const { position } = this;
      const before = current.get(key);
      if (before?.since === position) {
        before.row = row;
        return;
      }
      if (before !== undefined) {
        before.until = position;
        if (stored.has(before)) ended.push(before);
      }
      const version = { key, since: position, until: forever, row };
      current.set(key, version);
      made.push(version);
    },
  };
}

/** The table of a generation. */
export function tableOf(projection: Projection, generation: number, name: string): string {
  return `${projection.name}_v${projection.version}_g${generation}_${name}`;
}

/** Whether a row was there as of `position`. */
export function heldAt(position: number, alias = 't'): RawBuilder<boolean> {
  const [since, until] = [sql.ref(`${alias}.since`), sql.ref(`${alias}.until`)];
  return sql<boolean>`(${since} <= ${position} and ${until} > ${position})`;
}

/** Makes the tables of a generation; safe to call again. */
export async function createTables(db: Db, projection: Projection, generation: number) {
  for (const [name, { columns }] of Object.entries(projection.tables)) {
    const own = Object.entries(columns).map(([column, type]) => {
      // In the order of bytes, which is the same everywhere and the cheapest to compare.
      return sql`${sql.ref(column)} ${sql.raw(type === 'text' ? 'text collate "C"' : type)}`;
    });
    await sql`create table if not exists ${sql.table(tableOf(projection, generation, name))} (
      ${sql.join([sql`key text collate "C" not null, since bigint not null`, ...own])},
      until bigint not null, body json not null, primary key (key, since))`.execute(db);
  }
}

/** Makes their indexes: after the rows, where there are many. Safe to call again. */
export async function createIndexes(db: Db, projection: Projection, generation: number) {
  for (const [name, { indexes }] of Object.entries(projection.tables)) {
    const table = tableOf(projection, generation, name);
    for (const [i, columns] of indexes.entries()) {
      await sql`create index if not exists ${sql.id(`${table}_${i}`)}
        on ${sql.table(table)} (${sql.raw(columns)}, since, until)`.execute(db);
    }
  }
}

export async function dropTables(db: Db, projection: Projection, generation: number) {
  for (const name of Object.keys(projection.tables)) {
    await sql`drop table if exists ${sql.table(tableOf(projection, generation, name))}`.execute(db);
  }
}

/** The current rows of `keys`. */
export async function loadRows(
  db: Db,
  table: string,
  { columns }: Table,
  keys: readonly string[],
): Promise<Version[]> {
  if (keys.length === 0) return [];
  const own = ['body', ...Object.keys(columns)].map((column) => sql.ref(`t.${column}`));
  // The last version of each key alone: some have many. Nothing ends a row but the next version.
  const { rows } = await sql<Row & { key: string; since: number }>`
    select t.key, t.since, ${sql.join(own)} from unnest(${textArray(keys)}::text[]) as wanted(key)
    cross join lateral (select * from ${sql.table(table)} r where r.key = wanted.key
                        order by r.since desc limit 1) as t`.execute(db);
  return rows.map(({ key, since, ...row }) => ({ key, since, until: forever, row }));
}

/** Stores what a fold ended and made. */
export async function saveRows(
  db: Db,
  table: string,
  { columns }: Table,
  { made, ended }: Pick<Fold, 'made' | 'ended'>,
): Promise<void> {
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
  const own = Object.entries(columns).map(([column, type]) => {
    const texts = made.map(({ row }) => textOf(row[column] as Value));
    return sql`unnest(${textArray(texts)}::text[])::${sql.raw(type)}`;
  });
  const names = ['key', 'since', 'until', 'body', ...Object.keys(columns)].map((name) =>
    sql.ref(name),
  );
  await sql`
    insert into ${sql.table(table)} (${sql.join(names)})
    select ${sql.join([
      sql`unnest(${textArray(made.map(({ key }) => key))}::text[])`,
      sql`unnest(${int8Array(made.map(({ since }) => since))}::bigint[])`,
      sql`unnest(${int8Array(made.map(({ until }) => until))}::bigint[])`,
      sql`unnest(${jsonArray(made.map(({ row }) => JSON.stringify(row.body)))}::json[])`,
      ...own,
    ])}`.execute(db);
}

// As PostgreSQL reads it: an array of ids as an array literal, in which JSON's quotation is right
// for what ids may hold.
function textOf(value: Value): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return `{${value.map((one) => JSON.stringify(one)).join(',')}}`;
}
