/**
 * Rebuilds a projection beside itself: the next generation is built from the log in tables of its
 * own while the live one answers, is compared with it row for row, and takes its place in one
 * transaction. Any process may go on where another was killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Comparison, type Db, isTransientError } from '../db.ts';
import { compareGenerations } from './compare.ts';
import { dropRetired, findGeneration, type Generation } from './generations.ts';
import { type Pages, pagesOf } from './pages.ts';
import type { Projection } from './projection.ts';
import { applyBatch, type ProjectorParts, pause, projectBatch } from './projector.ts';
import { createIndexes } from './rows.ts';

const lookIntervalMs = 1_000;
const busyIntervalMs = 100;
/** So near to the end of the log, it may take the place of the live one. */
const nearEvents = 1_000;
const finishTimeout = '1h';

/** Builds whatever generation is being built, now or later, until `signal`. */
export async function runRebuilds(
  projection: Projection,
  { db, store, logger }: Omit<ProjectorParts, 'wakeup'>,
  signal: AbortSignal,
): Promise<void> {
  const pages = pagesOf(store);
  while (!signal.aborted) {
    let waitMs = lookIntervalMs;
    try {
      const step = await advanceRebuild(db, projection, pages);
      if (step === 'advanced') waitMs = 0;
      if (step === 'busy') waitMs = busyIntervalMs;
      if (step === 'none') await dropRetired(db, projection);
    } catch (error) {
      logger.warn({ err: error, projection: projection.name }, 'rebuild interrupted');
      if (!isTransientError(error)) {
        await pause(db, projection, 'building', pages, error as Error);
      }
    }
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * One step of a rebuild: a batch, or the change of places. `busy`: another process is at it, it is
 * paused, or its rate has it wait. `none`: nothing is being built.
 */
export async function advanceRebuild(
  db: Db,
  projection: Projection,
  pages: Pages,
): Promise<'none' | 'busy' | 'advanced'> {
  const building = await findGeneration(db, projection, 'building');
  if (building === undefined) return 'none';
  if (building.state === 'paused') return 'busy';
  // To the end of the log, not to the live generation: that one may have been paused long ago.
  if ((await headOf(db)) - building.position <= nearEvents) {
    return (await takePlace(db, projection, pages)) ? 'advanced' : 'busy';
  }
  const read = await projectBatch(db, projection, pages, { role: 'building' });
  return read > 0 ? 'advanced' : 'busy';
}

// All in one transaction: killed anywhere in it, what was live is live. The row of the live
// generation is held for the last events alone, those that came during the comparison's.
function takePlace(db: Db, projection: Projection, pages: Pages): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await sql`select set_config('statement_timeout', ${finishTimeout}, true)`.execute(transaction);
    let building = await lock(transaction, projection, 'building');
    if (building === undefined) return false;
    await createIndexes(transaction, projection, building.generation);
    building = await catchUp(transaction, projection, building, pages, await headOf(transaction));
    const compared = await liveOf(transaction, projection);
    const comparison = await compareGenerations(transaction, projection, compared, building);
    const { position: near } = await liveOf(transaction, projection);
    building = await catchUp(transaction, projection, building, pages, near);
    const live = await lock(transaction, projection, 'live');
    if (live === undefined) throw new Error(`${projection.name} has no live generation`);
    building = await catchUp(transaction, projection, building, pages, live.position);
    await changePlaces(transaction, projection, live, building, comparison);
    return true;
  });
}

async function catchUp(
  transaction: Db,
  projection: Projection,
  from: Generation,
  pages: Pages,
  through: number,
): Promise<Generation> {
  let building = { ...from, events_per_second_max: null };
  while (building.position < through) {
    const read = await applyBatch(transaction, projection, building, pages, through);
    building = { ...building, position: building.position + read };
  }
  return building;
}

async function changePlaces(
  transaction: Db,
  { name, version }: Projection,
  live: Generation,
  building: Generation,
  comparison: Comparison,
): Promise<void> {
  const set = (generation: number, values: object) =>
    transaction
      .updateTable('projections')
      .set(values)
      .where('name', '=', name)
      .where('version', '=', version)
      .where('generation', '=', generation)
      .execute();
  await set(live.generation, { role: 'retired', retired_at: sql`clock_timestamp()` });
  await set(building.generation, {
    role: 'live',
    events_per_second_max: null,
    comparison: JSON.stringify(comparison),
  });
}

async function lock(transaction: Db, { name, version }: Projection, role: 'live' | 'building') {
  const { rows } = await sql<Generation>`
    select * from projections where name = ${name} and version = ${version} and role = ${role}
    for update ${role === 'building' ? sql`skip locked` : sql``}`.execute(transaction);
  return rows[0];
}

async function headOf(db: Db): Promise<number> {
  const { rows } = await sql<{ head: number }>`
    select coalesce(max(position), 0) as head from events`.execute(db);
  return rows[0]?.head ?? 0;
}

async function liveOf(db: Db, projection: Projection): Promise<Generation> {
  const live = await findGeneration(db, projection, 'live');
  if (live === undefined) throw new Error(`${projection.name} has no live generation`);
  return live;
}
