/** Two generations of a projection, row for row: what each version says, and until when. */
import { type RawBuilder, sql } from 'kysely';
import type { Comparison, Db } from '../db.ts';
import type { Generation } from './generations.ts';
import type { Projection } from './projection.ts';
import { forever, type Table, tableOf } from './rows.ts';

/**
 * Compares as of the last position that both know, so that neither has to stand still: what came
 * later is left out, and so is the end of a row that came later. Each row is hashed (64 bits), and
 * only where the hashes of a table do not agree are its rows laid side by side.
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
    ) as [RawBuilder<unknown>, RawBuilder<unknown>];
    const found = await digests(db, before, after);
    comparison.rows += found.rows;
    if (found.isSame) continue;
    const { differences, first } = await sideBySide(db, table, before, after);
    comparison.differences += differences;
    if (first !== null && comparison.first === null) {
      comparison.first = { table: name, key: first[0], since: first[1] };
    }
  }
  return comparison;
}

async function digests(db: Db, before: RawBuilder<unknown>, after: RawBuilder<unknown>) {
  const found: { rows: number; digest: string | null }[] = [];
  for (const versions of [before, after]) {
    // As text: any 64 bits are beyond a number.
    const { rows } = await sql<(typeof found)[number]>`
      select count(*) as rows, bit_xor(hash_record_extended(version, 0))::text as digest
      from (${versions}) as version`.execute(db);
    found.push(...rows);
  }
  const [one, other] = found as [(typeof found)[number], (typeof found)[number]];
  const isSame = one.rows === other.rows && one.digest === other.digest;
  return { rows: Math.max(one.rows, other.rows), isSame };
}

async function sideBySide(
  db: Db,
  { once }: Table,
  before: RawBuilder<unknown>,
  after: RawBuilder<unknown>,
) {
  const [key, keys] = once ? [sql`since::text`, sql`since`] : [sql`key`, sql`key, since`];
  type Found = { differences: number; first: [string, number] | null };
  const { rows } = await sql<Found>`
    select count(*) filter (where differs) as differences,
           (array_agg(json_build_array(key, since)) filter (where differs))[1] as first
    from (select ${key} as key, since, one is distinct from other as differs
          from (${before}) one full join (${after}) other using (${keys})) as both_of`.execute(db);
  return rows[0] as Found;
}

// As little as tells rows apart: what is hashed besides costs as much.
function versionsOf(stored: string, { columns, once }: Table, position: number) {
  const own = Object.keys(columns).map((column) => sql.ref(column));
  const until = sql`case when until > ${position} then ${forever}::bigint else until end as until`;
  const all = [...(once ? [] : [sql`key`, until]), sql`since, body::text`, ...own];
  return sql`select ${sql.join(all)} from ${sql.table(stored)} where since <= ${position}`;
}
