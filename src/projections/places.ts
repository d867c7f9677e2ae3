/** Places as the register has them: what lies in another place or in a box, and by its names. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import { textArray } from '../eventstore/binary-array.ts';
import { prepared } from '../pooled-client.ts';
import { type Box, isInBox } from './boxes.ts';
import { registry } from './registry.ts';
import { heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** Places, or actors and places, that a filter may come down to. */
export const entitiesMax = 50_000;

/** A filter comes down to more than `entitiesMax` places or names. */
export class TooWide extends Error {}

/** The ids of a place and of all that is within it, at any depth; also where that is a circle. */
export function listPlacesIn(db: Db, { as_of, table }: At, area: string): Promise<string[]> {
  const entries = sql.table(table(registry, 'entries'));
  return idsOf(
    db,
    sql`with recursive inside(id) as (
      select ${area}::text collate "C"
      union
      select substr(t.key, length('place-') + 1) from inside, ${entries} t
      where t.category = 'place' and t.outline = inside.id and ${heldAt(as_of.position)})
    select id from inside limit ${entitiesMax + 1}`,
  );
}

/** The ids of the places whose point is in the box (RFC 7946, 5), its edges included. */
export function listPlacesInBox(db: Db, { as_of, table }: At, box: Box): Promise<string[]> {
  return idsOf(
    db,
    sql`select substr(key, length('place-') + 1) as id
    from ${sql.table(table(registry, 'entries'))} t
    where ${isInBox(box)} and ${heldAt(as_of.position)}
    limit ${entitiesMax + 1}`,
  );
}

/** The streams of the actors and places of which a name has, or had, this word in it. */
export function listNamed(db: Db, { as_of, table }: At, word: string): Promise<string[]> {
  return idsOf(
    db,
    sql`select key as id from ${sql.table(table(registry, 'entries'))} t
    where words @> array[${word}] and category in ('actor', 'place') and ${heldAt(as_of.position)}
    limit ${entitiesMax + 1}`,
  );
}

/** The points, longitude and latitude, of those among these places that have one. */
export async function findPoints(
  db: Db,
  { as_of, table }: At,
  ids: readonly string[],
): Promise<Map<string, readonly [number, number]>> {
  const { rows } = await sql<{ key: string; longitude: number; latitude: number }>`${prepared}
    select key, longitude, latitude from ${sql.table(table(registry, 'entries'))} t
    where key = any (${textArray([...new Set(ids)].map((id) => `place-${id}`))}::text[])
      and longitude is not null and ${heldAt(as_of.position)}`.execute(db);
  return new Map(
    rows.map(({ key, longitude, latitude }) => {
      return [key.slice('place-'.length), [longitude, latitude]];
    }),
  );
}

async function idsOf(db: Db, select: RawBuilder<unknown>): Promise<string[]> {
  const { rows } = await (select as RawBuilder<{ id: string }>).execute(db);
  if (rows.length > entitiesMax) {
    throw new TooWide(`a filter comes down to more than ${entitiesMax} places or names`);
  }
  return rows.map(({ id }) => id);
}
