/**
 * Runs a projection: reads the log after its checkpoint and applies it, rows and checkpoint in one
 * transaction. Several processes may run the same one: who holds the checkpoint's row works, the
 * others wait for the next wake-up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Db, isTransientError } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import type { Projection } from './projection.ts';

export const batchSizeMax = 1_000;
const batchBytesMax = 8 * 1024 * 1024;
const backOffMs = 1_000;

type Parts = { db: Db; store: EventStore; wakeup: Wakeup; logger: Logger };

/** Runs until `signal`. A failing handler pauses this projection, says why, and stops no other. */
export async function runProjection(
  projection: Projection,
  { db, store, wakeup, logger }: Parts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { hints } = wakeup;
    try {
      if ((await projectBatch(db, store, projection)) === 0) await wakeup.next(hints, signal);
    } catch (error) {
      if (!isTransientError(error)) return pause(db, projection, error as Error, logger);
      logger.warn({ err: error, projection: projection.name }, 'projection waits for PostgreSQL');
      await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/**
 * Makes the projection's tables and its checkpoint; a paused one is tried again at the next start.
 */
export async function prepareProjection(db: Db, { name, version, createTables }: Projection) {
  await createTables(db);
  await db
    .insertInto('projections')
    .values({ name, version, position: 0, state: 'running', last_error: null })
    .onConflict((conflict) =>
      conflict.columns(['name', 'version']).doUpdateSet({ state: 'running', last_error: null }),
    )
    .execute();
}

/**
 * Applies up to `batchSizeMax` events after the checkpoint; answers how many it read: 0 also when
 * another process is at it.
 */
export function projectBatch(db: Db, store: EventStore, projection: Projection): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    const checkpoint = await transaction
      .selectFrom('projections')
      .select('position')
      .where('name', '=', projection.name)
      .where('version', '=', projection.version)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (checkpoint === undefined) return 0;
    const events = await store.readLog(checkpoint.position, batchSizeMax, batchBytesMax);
    const last = events.at(-1);
    if (last === undefined) return 0;
    const wanted = events.filter(({ type }) => projection.types.includes(type)).map(upcast);
    if (wanted.length > 0) await projection.apply(transaction, wanted);
    await transaction
      .updateTable('projections')
      .set({ position: last.position })
      .where('name', '=', projection.name)
      .where('version', '=', projection.version)
      .execute();
    return events.length;
  });
}

async function pause(db: Db, projection: Projection, error: Error, logger: Logger): Promise<void> {
  logger.error({ err: error, projection: projection.name }, 'projection paused');
  await db
    .updateTable('projections')
    .set({ state: 'paused', last_error: error.message })
    .where('name', '=', projection.name)
    .where('version', '=', projection.version)
    .execute();
}
