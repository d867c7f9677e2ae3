/** The sides of conflicts as they were registered, for rules that ask who belongs to whom. */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { PartOf, Sides } from '../domain/sides.ts';
import { textArray } from '../eventstore/binary-array.ts';
import { prepared } from '../pooled-client.ts';
import type { SideBody } from './claim-tables.ts';
import { claims } from './claims.ts';
import { heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** What these actors are part of, at any depth. */
export async function readPartOf(
  db: Db,
  { as_of, table }: At,
  actorIds: Iterable<string>,
): Promise<PartOf> {
  const ids = [...new Set(actorIds)];
  const { rows } = await sql<{ id: string; part_of: string }>`${prepared}
    with recursive above (id, part_of) as (
      select wanted.id, body ->> 'part_of' from unnest(${textArray(ids)}::text[]) as wanted(id)
      join ${sql.table(table(claims, 'sides'))} t on t.key = 'actor-' || wanted.id
      where ${heldAt(as_of.position)}
      union
      select above.part_of, body ->> 'part_of' from above
      join ${sql.table(table(claims, 'sides'))} t on t.key = 'actor-' || above.part_of
      where ${heldAt(as_of.position)})
    select id, part_of from above where part_of is not null`.execute(db);
  const known = new Map(rows.map(({ id, part_of }) => [id, part_of]));
  return (id) => known.get(id);
}

/** The parties of a conflict, and what these actors are part of. */
export async function readSides(
  db: Db,
  at: At,
  conflictId: string,
  actorIds: Iterable<string>,
): Promise<Sides> {
  const conflict = await findConflict(db, at, conflictId);
  return { parties: conflict?.parties ?? [], partOf: await readPartOf(db, at, actorIds) };
}

/** A conflict with its parties; undefined if it is not registered. */
export async function findConflict(
  db: Db,
  { as_of, table }: At,
  conflictId: string,
): Promise<SideBody | undefined> {
  const { rows } = await sql<{ body: SideBody }>`${prepared}
    select body from ${sql.table(table(claims, 'sides'))} t
    where key = ${`conflict-${conflictId}`} and ${heldAt(as_of.position)}`.execute(db);
  return rows[0]?.body;
}

/** The ids of the conflicts that are registered. */
export async function listConflictIds(db: Db, { as_of, table }: At): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`${prepared}
    select key from ${sql.table(table(claims, 'sides'))} t
    where key >= 'conflict-' and key < 'conflict.' and ${heldAt(as_of.position)}
    order by key`.execute(db);
  return rows.map(({ key }) => key.slice('conflict-'.length));
}
