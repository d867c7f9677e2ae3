/** The pace of a rebuild: kept with what is built, so that whoever goes on with it keeps to it. */
import type { Db } from '../db.ts';
import type { Projection } from './projection.ts';

/** Of a rebuild, at most. */
export const eventsPerSecondMax = 1_000_000;

/**
 * Has the rebuild that is under way take so many events a second at most from its next batch on;
 * answers whether there is one.
 */
export async function setPace(
  db: Db,
  { name, version }: Projection,
  pace: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('projections')
    .set({ events_per_second_max: pace })
    .where('name', '=', name)
    .where('version', '=', version)
    .where('role', '=', 'building')
    .executeTakeFirst();
  return numUpdatedRows > 0;
}
