/** Versions of rows as the log makes them, beside those that a table has. */
import type { Batch } from '../projections/fold.ts';
import { forever, type Table } from '../projections/rows.ts';
import { keysOf, type Statement, sincesOf, unnest, untilsOf } from '../projections/statements.ts';

/**
 * What a batch has made of a table, as statements that hold it against the table as it is. Each
 * answers a row: how many versions are `differing`, and how many the table has `ended` that the
 * batch does not know to be there.
 */
export function comparisons(
  stored: string,
  table: Table,
  { made, ended, unseen }: Batch,
): Statement[] {
  const statements: Statement[] = [];
  if (made.length > 0) {
    const { columns, select, values } = unnest(table, made);
    const differs = columns.map((column) => {
      const [own, wanted] = [`t."${column}"`, `made."${column}"`];
      if (column === 'body') return `${own}::text <> ${wanted}::text`;
      // Of one that is not ended yet, how many are is counted.
      if (column === 'until') return `(${wanted} < ${forever} and ${own} <> ${wanted})`;
      return `${own} is distinct from ${wanted}`;
    });
    const ofKey = table.once ? '' : 'r.key = made.key and';
    const text = `
      select count(*) as differing, 0::bigint as ended from (${select}) as made
      left join lateral (select * from "${stored}" r
                         where ${ofKey} r.since = made.since limit 1) as t on true
      where t.since is null or ${differs.join(' or ')}`;
    statements.push({ text, values });
  }
  if (ended.length > 0) {
    const text = `
      select count(*) as differing, 0::bigint as ended
      from unnest($1::text[], $2::bigint[], $3::bigint[]) as ended(key, since, until)
      left join lateral (select * from "${stored}" r where r.key = ended.key
                         and r.since = ended.since limit 1) as t on true
      where t.until is distinct from ended.until`;
    statements.push({ text, values: [keysOf(ended), sincesOf(ended), untilsOf(ended)] });
  }
  if (unseen.length > 0) {
    // Whether there is one before is for the table to say.
    const text = `
      select count(*) filter (where t.until <> next.since) as differing,
             count(*) as ended
      from unnest($1::text[], $2::bigint[]) as next(key, since)
      cross join lateral (select * from "${stored}" r where r.key = next.key
                          and r.since < next.since order by r.since desc limit 1) as t`;
    statements.push({ text, values: [keysOf(unseen), sincesOf(unseen)] });
  }
  return statements;
}
