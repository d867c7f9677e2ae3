/**
 * Rebuilds a projection beside itself: the next generation is built from the log in tables of its
 * own while the live one answers, is compared with it row for row, and takes its place in one
 * transaction. Any process may go on where another was killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Comparison, type Db, isTransientError, readHead } from '../db.ts';
import { compareGenerations } from './compare.ts';
import {
  dropOutlived,
  dropRetired,
  findGeneration,
  findGenerations,
  type Generation,
  stopFor,
} from './generations.ts';
import { buildIndexes } from './index-builds.ts';
import { openLane } from './lane.ts';
import { type Pages, pagesOf } from './pages.ts';
import type { Projection } from './projection.ts';
import { applyBatch, type ProjectorParts, recover, report, sendOver } from './projector.ts';
import { analyzeTables, setFilling } from './rows.ts';

const lookIntervalMs = 1_000;
const busyIntervalMs = 100;
/** So near to the end of the log, it may take the place of the live one. */
const nearEvents = 1_000;
const finishTimeout = '1h';

/** Builds whatever generations are being built, now or later, until `signal`. */
export async function runRebuilds(
  projections: readonly Projection[],
  parts: Omit<ProjectorParts, 'wakeup'>,
  signal: AbortSignal,
): Promise<void> {
  const rebuild = openRebuild(projections, parts);
  while (!signal.aborted) {
    let waitMs = lookIntervalMs;
    try {
      const step = await rebuild.advance();
      if (step === 'advanced') waitMs = 0;
      if (step === 'busy') waitMs = busyIntervalMs;
      if (step === 'none') {
        await rebuild.close();
        for (const projection of projections) {
          await dropRetired(parts.db, projection);
          await dropOutlived(parts.db, projection);
        }
      }
    } catch (error) {
      await recover(projections, 'building', parts, error);
    }
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
  await rebuild.close();
}

export type Rebuild = {
  /**
   * One step: a batch of each, or changes of places. `busy`: other processes are at them, they are
   * paused, or their pace has them wait. `none`: nothing is being built.
   */
  advance(): Promise<'none' | 'busy' | 'advanced'>;
  /** Lets go of its connections until the next step. */
  close(): Promise<void>;
};

/** What is being built of these projections, on one way through the log. */
export function openRebuild(
  projections: readonly Projection[],
  { db, store, connect, logger }: Omit<ProjectorParts, 'wakeup'>,
): Rebuild {
  const lane = openLane(projections, 'building', { store, connect });
  // Where its handler failed near the end, what comes before is stored, and it is paused there.
  const orPaused = async (projection: Projection, work: () => Promise<boolean>) => {
    try {
      return await work();
    } catch (error) {
      if (isTransientError(error)) throw error;
      await recover([projection], 'building', { db, store, logger }, error);
      await stopFor(db, projection, 'building', error as Error);
      return false;
    }
  };
  const place = (projection: Projection) =>
    orPaused(projection, () => takePlace(db, projection, pagesOf(store)));
  return {
    close: lane.close,
    async advance() {
      const [head, building] = await Promise.all([
        readHead(db),
        findGenerations(db, projections, 'building'),
      ]);
      if (building.size === 0) return 'none';
      // To the end of the log, not to the live one: that may have been paused long ago.
      const near = [...building].filter(
        ([, { state, position }]) => state === 'running' && head - position <= nearEvents,
      );
      if (near.length > 0) {
        const indexed = await buildIndexes(db, new Map(near), orPaused);
        const placed = await Promise.all(indexed.map(place));
        return placed.includes(true) ? 'advanced' : 'busy';
      }
      const { events, failures } = await lane.advance();
      report(logger, failures);
      return events > 0 ? 'advanced' : 'busy';
    },
  };
}

// All in one transaction: killed anywhere in it, what was live is live. The row of the live
// generation is held for the last events alone, those that came during the comparison's.
function takePlace(db: Db, projection: Projection, pages: Pages): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await sql`select set_config('statement_timeout', ${finishTimeout}, true)`.execute(transaction);
    let building = await lock(transaction, projection, 'building');
    if (building === undefined) return false;
    await analyzeTables(transaction, projection, building.generation);
    building = await catchUp(transaction, projection, building, pages, await readHead(transaction));
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
  const send = sendOver(transaction);
  while (building.position < through) {
    const { position, failure } = await applyBatch(send, projection, building, pages, through);
    if (failure !== undefined) throw failure;
    building = { ...building, position };
  }
  return building;
}

async function changePlaces(
  transaction: Db,
  projection: Projection,
  live: Generation,
  building: Generation,
  comparison: Comparison,
): Promise<void> {
  const { name, version } = projection;
  const set = (generation: number, values: object) =>
    transaction
      .updateTable('projections')
      .set(values)
      .where('name', '=', name)
      .where('version', '=', version)
      .where('generation', '=', generation)
      .execute();
  await setFilling(transaction, projection, building.generation, false);
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

async function liveOf(db: Db, projection: Projection): Promise<Generation> {
  const live = await findGeneration(db, projection, 'live');
  if (live === undefined) throw new Error(`${projection.name} has no live generation`);
  return live;
}
