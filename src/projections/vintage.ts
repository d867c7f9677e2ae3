/** The vintage of a view: how far into the log its answer knows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import type { Projection } from './projection.ts';

const checkIntervalMs = 5;

export const AsOf = Type.Object({
  position: Type.Integer({ minimum: 0 }),
  known_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  projection_version: Type.Integer({ minimum: 1 }),
});
export type AsOf = Static<typeof AsOf>;

/** The view has not come to the position asked for in the time given: ask again. */
export class ViewBehind extends Error {}

/**
 * The projection's checkpoint and when the event there was recorded; `known_at` null: empty log.
 */
export async function readAsOf(db: Db, { name, version }: Projection): Promise<AsOf> {
  const row = await db
    .selectFrom('projections')
    .leftJoin('events', 'events.position', 'projections.position')
    .select(['projections.position', 'events.recorded_at'])
    .where('name', '=', name)
    .where('projections.version', '=', version)
    .executeTakeFirstOrThrow();
  return {
    position: row.position,
    known_at: row.recorded_at,
    projection_version: version,
  };
}

/** Resolves once the projection has applied `position`; throws `ViewBehind` after `waitMs`. */
export async function waitForPosition(
  db: Db,
  projection: Projection,
  position: number,
  waitMs: number,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const asOf = await readAsOf(db, projection);
    if (asOf.position >= position) return;
    if (Date.now() >= deadline) {
      throw new ViewBehind(`the view is at position ${asOf.position}, not yet at ${position}`);
    }
    await sleep(checkIntervalMs);
  }
}
