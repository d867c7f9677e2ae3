/**
 * What a fold loads and stores, as statements with a text that is the same for every batch: a
 * connection prepares each once.
 */
import { int8Array, jsonArray, textArray, timestamptzArray } from '../eventstore/binary-array.ts';
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

export type Statement = { readonly text: string; readonly values: readonly unknown[] };
/** Runs a statement, and answers its rows. */
export type Send = (statement: Statement) => Promise<object[]>;

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
    const all = arraysOf(table, made);
    const names = all.map(({ column }) => `"${column}"`).join(', ');
    const text = `insert into "${stored}" (${names}) select ${unnested(all)}`;
    saves.push({ text, values: all.map(({ values }) => values) });
  }
  return saves;
}

/** A column of several versions: as an array of the type `array`, whose elements become `type`. */
export type ColumnArray = {
  readonly column: string;
  readonly array: string;
  readonly type: string;
  readonly values: Buffer;
};

/** Versions column by column, as the table has them. */
export function arraysOf({ columns, once }: Table, made: readonly Version[]): ColumnArray[] {
  const bodies = jsonArray(made.map(({ row }) => JSON.stringify(row.body)));
  const all: ColumnArray[] = [
    { column: 'since', array: 'bigint', type: 'bigint', values: sincesOf(made) },
    { column: 'body', array: 'json', type: 'json', values: bodies },
  ];
  if (!once) {
    all.push({ column: 'key', array: 'text', type: 'text', values: keysOf(made) });
    all.push({ column: 'until', array: 'bigint', type: 'bigint', values: untilsOf(made) });
  }
  for (const [column, type] of Object.entries(columns)) {
    const values = made.map(({ row }) => row[column] as Value);
    all.push({ column, ...arrayOf(type, values) });
  }
  return all;
}

function arrayOf(type: ColumnType, values: readonly Value[]): Omit<ColumnArray, 'column'> {
  if (type === 'bigint') {
    return { array: 'bigint', type, values: int8Array(values as (number | null)[]) };
  }
  if (type === 'ms') {
    const moments = timestamptzArray(values as (number | null)[]);
    return { array: 'timestamptz', type: 'timestamptz', values: moments };
  }
  return { array: 'text', type, values: textArray(values.map(textOf)) };
}

/** The select list that makes rows of the arrays, which are the statement's parameters in order. */
export function unnested(all: readonly ColumnArray[]): string {
  const one = ({ column, array, type }: ColumnArray, i: number) =>
    `unnest($${i + 1}::${array}[])::${type} as "${column}"`;
  return all.map(one).join(', ');
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
  const quoted = value.some((one) => /["\\]/.test(one))
    ? value.map((one) => one.replace(/["\\]/g, '\\$&'))
    : value;
  return `{"${quoted.join('","')}"}`;
}
