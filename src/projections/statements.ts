/**
 * What a fold loads and stores, as statements with a text that is the same for every batch: a
 * connection prepares each once.
 */
import { int8Array, jsonArray, textArray } from '../eventstore/binary-array.ts';
import type { Batch } from './fold.ts';
import { forever, type Row, type Table, type Value, type Version } from './rows.ts';

export type Statement = { readonly text: string; readonly values: readonly unknown[] };
/** Runs a statement, and answers its rows. */
export type Send = (statement: Statement) => Promise<object[]>;

/** The current rows of these keys. */
export async function loadRows(
  send: Send,
  stored: string,
  { columns }: Table,
  keys: ReadonlySet<string>,
): Promise<Version[]> {
  const own = ['body', ...Object.keys(columns)].map((column) => `t."${column}"`).join(', ');
  // The last version of each key alone: some have many. Nothing ends a row but the next version.
  const text = `
    select t.key, t.since, ${own} from unnest($1::text[]) as wanted(key)
    cross join lateral (select * from "${stored}" r where r.key = wanted.key
                        order by r.since desc limit 1) as t`;
  const found = (await send({ text, values: [textArray([...keys])] })) as (Row & Version)[];
  return found.map(({ key, since, ...row }) => ({ key, since, until: forever, row }));
}

/** Stores what a batch has made of a table. */
export function saveRows(
  stored: string,
  { columns, once }: Table,
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
  if (made.length > 0) saves.push(insertion(stored, columns, once, made));
  return saves;
}

function insertion(
  stored: string,
  columns: Table['columns'],
  once: true | undefined,
  made: readonly Version[],
): Statement {
  const all: [column: string, array: string, type: string, values: Buffer][] = [
    ['since', 'bigint', 'bigint', sincesOf(made)],
    ['body', 'json', 'json', jsonArray(made.map(({ row }) => JSON.stringify(row.body)))],
  ];
  if (!once) {
    all.push(['key', 'text', 'text', keysOf(made)], ['until', 'bigint', 'bigint', untilsOf(made)]);
  }
  for (const [column, type] of Object.entries(columns)) {
    const texts = made.map(({ row }) => textOf(row[column] as Value));
    all.push([column, 'text', type, textArray(texts)]);
  }
  const names = all.map(([column]) => `"${column}"`).join(', ');
  const selected = all.map(([, array, type], i) => `unnest($${i + 1}::${array}[])::${type}`);
  return {
    text: `insert into "${stored}" (${names}) select ${selected.join(', ')}`,
    values: all.map(([, , , values]) => values),
  };
}

function keysOf(versions: readonly Version[]): Buffer {
  return textArray(versions.map(({ key }) => key));
}

function sincesOf(versions: readonly Version[]): Buffer {
  return int8Array(versions.map(({ since }) => since));
}

function untilsOf(versions: readonly Version[]): Buffer {
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
