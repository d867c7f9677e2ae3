/**
 * What a fold loads and stores, as statements with a text that is the same for every batch: a
 * connection prepares each once.
 */
import {
  int4Array,
  int8Array,
  int8ArrayOfAll,
  jsonArray,
  textArray,
  timestamptzArray,
} from '../eventstore/binary-array.ts';
import type { PreparedStatement } from '../prepared.ts';
import type { Send } from './connections.ts';
import type { Batch } from './fold.ts';
import { recall, type ToldRow, tellingOf } from './recalled.ts';
import {
  type ColumnType,
  forever,
  type Row,
  type Table,
  type Value,
  type Version,
} from './rows.ts';
import type { Tag } from './tags.ts';

export type Statement = Pick<PreparedStatement, 'text' | 'values'>;

/** The rows of these keys as of `position`. */
export async function loadRows(
  send: Send,
  stored: string,
  { columns, recalled }: Table,
  keys: ReadonlySet<string>,
  position: number,
): Promise<Version[]> {
  const own = ['body', ...Object.keys(columns)].map((column) => `t."${column}"`);
  if (recalled !== undefined) own.push(tellingOf(recalled, 't'));
  // The last version of each key alone: some have many. Nothing ends a row but the next version.
  const text = `
    select t.key, t.since, ${own.join(', ')} from unnest($1::text[]) as wanted(key)
    cross join lateral (select * from "${stored}" r where r.key = wanted.key and r.since <= $2
                        order by r.since desc limit 1) as t`;
  const moments = Object.keys(columns).filter((column) => columns[column] === 'ms');
  const values = [textArray([...keys]), position];
  const found = (await send({ text, values })) as (Row & ToldRow & Version)[];
  return found.map(({ key, since, told, ...stored }) => {
    const ms = moments.map((column) => [column, msOf(stored[column] as string | null)]);
    const members = recalled && recall(recalled, { told, body: stored.body });
    const row = { ...stored, ...Object.fromEntries(ms), ...members };
    return { key, since, until: forever, row };
  });
}

function msOf(moment: string | null): number | null {
  if (moment === null) return null;
  return moment === '-infinity' ? Number.NEGATIVE_INFINITY : Date.parse(moment);
}

/** Stores what a batch has made of a table. */
export function saveRows(
  stored: string,
  table: Table,
  { made, ended, unseen }: Batch,
): Statement[] {
  const saves: Statement[] = [];
  if (unseen.length > 0) {
    const text = `
      update "${stored}" as t set until = next.since
      from unnest($1::text[], $2::bigint[]) as next(key, since)
      cross join lateral (select r.since from "${stored}" r where r.key = next.key
                          order by r.since desc limit 1) as last
      where t.key = next.key and t.since = last.since`;
    saves.push({ text, values: [keysOf(unseen), sincesOf(unseen)] });
  }
  if (ended.length > 0) {
    const text = `
      update "${stored}" as t set until = ended.until
      from unnest($1::text[], $2::bigint[], $3::bigint[]) as ended(key, since, until)
      where t.key = ended.key and t.since = ended.since`;
    saves.push({ text, values: [keysOf(ended), sincesOf(ended), untilsOf(ended)] });
  }
  if (made.length > 0) {
    const { columns, select, values } = unnest(table, made);
    const names = columns.map((column) => `"${column}"`).join(', ');
    saves.push({ text: `insert into "${stored}" (${names}) ${select}`, values });
  }
  return saves;
}

/** Versions as parameters of a statement, and what makes rows of them there. */
export type Unnested = {
  readonly columns: readonly string[];
  /** Selects the columns, in that order. */
  readonly select: string;
  readonly values: readonly Buffer[];
};

/** Versions as the table has them: an array for each column, and the tags of all in one. */
export function unnest({ columns, once }: Table, made: readonly Version[]): Unnested {
  const values: Buffer[] = [];
  const parameter = (array: Buffer, type: string) => `$${values.push(array)}::${type}[]`;
  const unnested: string[] = [];
  const selected = new Map<string, string>();
  const lay = (name: string, array: Buffer, type: string) =>
    unnested.push(`unnest(${parameter(array, type)}) as "${name}"`);
  const add = (column: string, { array, type, cast = type }: TypedArray) => {
    lay(column, array, type);
    selected.set(column, `"${column}"::${cast}`);
  };
  const { bodies, valuesOf } = takenFrom(made, Object.keys(columns));
  add('since', { array: sincesOf(made), type: 'bigint' });
  add('body', { array: jsonArray(bodies), type: 'json' });
  if (!once) {
    add('key', { array: keysOf(made), type: 'text' });
    add('until', { array: untilsOf(made), type: 'bigint' });
  }
  for (const [column, type] of Object.entries(columns)) {
    const own = valuesOf.get(column) as Value[];
    if (type !== 'tags') {
      add(column, arrayOf(type, own));
      continue;
    }
    const tags = own as readonly (readonly Tag[])[];
    const ends = endsOf(tags);
    const starts = ends.map((end, i) => end - (tags[i]?.length ?? 0) + 1);
    lay(`${column} from`, int4Array(starts), 'integer');
    lay(`${column} to`, int4Array(ends), 'integer');
    const all = parameter(int8ArrayOfAll(tags), 'bigint');
    selected.set(column, `(${all})["${column} from":"${column} to"]`);
  }
  const list = [...selected].map(([column, sql]) => `${sql} as "${column}"`);
  const select = `select ${list.join(', ')} from (select ${unnested.join(', ')}) as versions`;
  return { columns: [...selected.keys()], select, values };
}

// What they hold by column. In one pass: by the next one, the first rows have left the cache.
function takenFrom(made: readonly Version[], columns: readonly string[]) {
  const bodies: string[] = [];
  const taken = columns.map((): Value[] => []);
  for (const { row } of made) {
    bodies.push(isEmpty(row.body) ? '{}' : JSON.stringify(row.body));
    // By index: here, to take pairs apart makes a quarter of all garbage of a rebuild.
    for (let i = 0; i < columns.length; i += 1) taken[i]?.push(row[columns[i] as string] as Value);
  }
  return { bodies, valuesOf: new Map(columns.map((column, i) => [column, taken[i] as Value[]])) };
}

// Many are, and to be asked so costs less than to be made a text.
function isEmpty(body: object): boolean {
  for (const _ in body) return false;
  return !Array.isArray(body);
}

// How many elements there are up to the end of each.
function endsOf(arrays: readonly (readonly unknown[])[]): number[] {
  let end = 0;
  return arrays.map(({ length }) => {
    end += length;
    return end;
  });
}

/** An element per version, of `type`, which becomes `cast`. */
type TypedArray = { readonly array: Buffer; readonly type: string; readonly cast?: string };

function arrayOf(type: Exclude<ColumnType, 'tags'>, values: readonly Value[]): TypedArray {
  if (type === 'bigint') return { array: int8Array(values as (number | null)[]), type };
  if (type === 'ms') {
    return { array: timestamptzArray(values as (number | null)[]), type: 'timestamptz' };
  }
  const texts =
    type === 'text' || type === 'timestamptz' ? (values as (string | null)[]) : values.map(textOf);
  return { array: textArray(texts), type: 'text', cast: type };
}

export function keysOf(versions: readonly Version[]): Buffer {
  return textArray(versions.map(({ key }) => key));
}

export function sincesOf(versions: readonly Version[]): Buffer {
  return int8Array(versions.map(({ since }) => since));
}

export function untilsOf(versions: readonly Version[]): Buffer {
  return int8Array(versions.map(({ until }) => until));
}

// As PostgreSQL reads it: of an array, a literal with each element in quotation marks.
function textOf(value: Value): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value.length === 0) return '{}';
  const texts = value as readonly string[];
  const quoted = texts.some((one) => /["\\]/.test(one))
    ? texts.map((one) => one.replace(/["\\]/g, '\\$&'))
    : texts;
  return `{"${quoted.join('","')}"}`;
}
