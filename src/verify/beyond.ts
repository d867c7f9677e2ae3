/** Rows that say what comes after the position of their view: no event has made them so. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import type { Projection } from '../projections/projection.ts';
import { forever, type Table, tableOf } from '../projections/rows.ts';
import type { Finding } from './finding.ts';

/**
 * Whether a row of a table is made or ended after the position that the generation has in the
 * snapshot of the statement: rows and position move together, so a view that goes on has none.
 */
export function isBeyond(
  { name, version }: Projection,
  generation: number,
  { once }: Table,
): RawBuilder<boolean> {
  const position = sql`(select position from projections
    where name = ${name} and version = ${version} and generation = ${generation})`;
  if (once) return sql`since > ${position}`;
  return sql`(since > ${position} or until > ${position} and until <> ${forever})`;
}

/** Says of each table that has any how many, and which is the first. */
export async function nameBeyond(
  db: Db,
  projection: Projection,
  generation: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, table] of Object.entries(projection.tables)) {
    type Found = { count: number; first: [string, number] | null };
    const key = table.once ? sql`since::text` : sql`key`;
    const { rows } = await sql<Found>`
      select count(*) as count,
             (array_agg(json_build_array(${key}, since) order by since))[1] as first
      from ${sql.table(tableOf(projection, generation, name))}
      where ${isBeyond(projection, generation, table)}`.execute(db);
    const { count, first } = rows[0] as Found;
    if (first === null) continue;
    const detail =
      `${projection.name}: ${count} rows say what comes after its position, ` +
      `first ${first[0]} of position ${first[1]} in its table ${name}`;
    findings.push({ check: 'views', position: first[1], detail });
  }
  return findings;
}
