/** Two generations of a projection, row for row: what each version says, and until when. */
import { sql } from 'kysely';
import type { Comparison, Db } from '../db.ts';
import type { Generation } from './generations.ts';
import type { Projection } from './projection.ts';
import { forever, type Table, tableOf } from './rows.ts';

/**
 * Compares as of the last position that both know, so that neither has to stand still: what came
 * later is left out, and so is the end of a row that came later.
 */
export async function compareGenerations(
  db: Db,
  projection: Projection,
  one: Pick<Generation, 'generation' | 'position'>,
  other: Pick<Generation, 'generation' | 'position'>,
): Promise<Comparison> {
  const position = Math.min(one.position, other.position);
  const comparison: Comparison = { position, rows: 0, differences: 0, first: null };
  for (const [name, table] of Object.entries(projection.tables)) {
    const [before, after] = [one, other].map(({ generation }) =>
      versionsOf(tableOf(projection, generation, name), table, position),
    );
    const { rows } = await sql<{ rows: number; differences: number; first: [string, number] }>`
      select count(*) as rows, count(*) filter (where differs) as differences,
             (array_agg(json_build_array(key, since)) filter (where differs))[1] as first
      from (select key, since, one.content is distinct from other.content as differs
            from (${before}) one full join (${after}) other using (key, since)) as both_of`.execute(
      db,
    );
    const [found] = rows as [(typeof rows)[number]];
    comparison.rows += found.rows;
    comparison.differences += found.differences;
    if (found.first !== null && comparison.first === null) {
      comparison.first = { table: name, key: found.first[0], since: found.first[1] };
    }
  }
  return comparison;
}

function versionsOf(stored: string, { columns, once }: Table, position: number) {
  const own = Object.keys(columns).map((column) => sql.ref(column));
  const until = once
    ? sql`${forever}::bigint`
    : sql`case when until > ${position} then ${forever}::bigint else until end`;
  return sql`select ${once ? sql`since::text as key` : sql`key`}, since,
      row(${sql.join([until, sql`body::text`, ...own])}) as content
    from ${sql.table(stored)} where since <= ${position}`;
}
