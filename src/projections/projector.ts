/**
 * Runs a projection: reads the log after its checkpoint and folds it into rows, rows and checkpoint
 * in one transaction. Several processes may run the same one: who holds the checkpoint's row works,
 * the others wait for the next wake-up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { type Db, isTransientError } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import { applyEvents, HandlerFailed } from './apply.ts';
import { type Generation, type Role, stopFor } from './generations.ts';
import { type Pages, pagesOf } from './pages.ts';
import type { Projection } from './projection.ts';

const backOffMs = 1_000;
/** Of what is known of the rate, the part that the last batch tells. */
const rateWeight = 0.3;

export type ProjectorParts = { db: Db; store: EventStore; wakeup: Wakeup; logger: Logger };

/**
 * Runs until `signal`. A handler that throws pauses this projection where it is, says why, and
 * stops no other; it goes on when its state is running again.
 */
export async function runProjection(
  projection: Projection,
  { db, store, wakeup, logger }: ProjectorParts,
  signal: AbortSignal,
): Promise<void> {
  const pages = pagesOf(store);
  while (!signal.aborted) {
    const { hints } = wakeup;
    try {
      if ((await projectBatch(db, projection, pages)) === 0) await wakeup.next(hints, signal);
    } catch (error) {
      if (isTransientError(error)) {
        logger.warn({ err: error, projection: projection.name }, 'projection waits for PostgreSQL');
        await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
      } else {
        logger.error({ err: error, projection: projection.name }, 'projection paused');
        await pause(db, projection, 'live', pages, error as Error);
      }
    }
  }
}

/**
 * Applies the next events to the generation in `role`, those up to `through` at most; answers how
 * many it read: 0 also when another process is at it, or it is paused.
 */
export function projectBatch(
  db: Db,
  projection: Projection,
  pages: Pages,
  { role = 'live', through = Number.MAX_SAFE_INTEGER }: { role?: Role; through?: number } = {},
): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    const generation = await lockGeneration(transaction, projection, role);
    if (generation?.state !== 'running' || generation.waits) return 0;
    return applyBatch(transaction, projection, generation, pages, through);
  });
}

/** Applies the next events to a generation whose row the transaction holds. */
export async function applyBatch(
  transaction: Db,
  projection: Projection,
  generation: Generation,
  pages: Pages,
  through: number,
): Promise<number> {
  const started = performance.now();
  const { position, rate, events_per_second_max: rateMax } = generation;
  const limit = Math.min(through - position, rateMax ?? Number.POSITIVE_INFINITY);
  const events = await pages.read(position, limit);
  const last = events.at(-1);
  if (last === undefined) return 0;
  await applyEvents(transaction, projection, generation.generation, events);
  const seconds = (performance.now() - started) / 1_000;
  pages.adapt(events.length, seconds * 1_000);
  const waitMs = rateMax === null ? 0 : Math.max(0, (events.length / rateMax - seconds) * 1_000);
  await transaction
    .updateTable('projections')
    .set({
      position: last.position,
      rate: rate + rateWeight * (events.length / (seconds + waitMs / 1_000) - rate),
      not_before: sql<string>`clock_timestamp() + ${`${waitMs} ms`}::interval`,
    })
    .where('name', '=', projection.name)
    .where('version', '=', projection.version)
    .where('generation', '=', generation.generation)
    .execute();
  return events.length;
}

/** Pauses for an error; what comes before the event that it is about is applied. */
export async function pause(
  db: Db,
  projection: Projection,
  role: Role,
  pages: Pages,
  error: Error,
): Promise<void> {
  const position = error instanceof HandlerFailed ? error.position : null;
  try {
    while (position !== null) {
      if ((await projectBatch(db, projection, pages, { role, through: position - 1 })) === 0) break;
    }
    await stopFor(db, projection, role, { message: error.message, position });
  } catch (again) {
    // The next batch meets the same error, and has it said then.
    if (!isTransientError(again)) throw again;
  }
}

async function lockGeneration(transaction: Db, { name, version }: Projection, role: Role) {
  // Plans made while a table was small would scan the whole of it later: index plans only.
  const { rows } = await sql<Generation & { waits: boolean }>`
    select *, not_before > clock_timestamp() as waits,
           set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true)
    from projections where name = ${name} and version = ${version} and role = ${role}
    for update skip locked`.execute(transaction);
  return rows[0];
}
