/**
 * Runs projections: reads the log after their checkpoints and folds it into rows, rows and
 * checkpoint in one transaction. Several processes may run the same ones: who holds a checkpoint
 * works, the others wait for the next wake-up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery } from 'kysely';
import type { Logger } from 'pino';
import { type Db, isTransientError } from '../db.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import { foldingOf } from './apply.ts';
import { type Held, heldOf, holding, moved } from './checkpoint.ts';
import type { Send } from './connections.ts';
import { type Role, stopFor } from './generations.ts';
import { type LaneParts, openLane } from './lane.ts';
import { type Pages, pagesOf } from './pages.ts';
import type { Projection } from './projection.ts';

const backOffMs = 1_000;

export type ProjectorParts = LaneParts & { db: Db; wakeup: Wakeup; logger: Logger };

/**
 * Runs until `signal`. A handler that throws pauses its projection where it is, says why, and stops
 * no other; it goes on when its state is running again.
 */
export async function runProjections(
  projections: readonly Projection[],
  { wakeup, ...parts }: ProjectorParts,
  signal: AbortSignal,
): Promise<void> {
  const lane = openLane(projections, 'live', parts);
  while (!signal.aborted) {
    const { hints } = wakeup;
    try {
      const { isAtEnd, failures } = await lane.advance();
      report(parts.logger, failures);
      // What was appended since then has given a hint.
      if (isAtEnd && failures.size === 0) await wakeup.next(hints, signal);
    } catch (error) {
      await recover(projections, 'live', parts, error);
      await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
    }
  }
  await lane.close();
}

/**
 * After a batch that could not be stored: PostgreSQL is away, or it refuses rows of one of them.
 * Each is tried alone, so that who is at fault is paused, and no other.
 */
export async function recover(
  projections: readonly Projection[],
  role: Role,
  { db, store, logger }: Omit<ProjectorParts, 'wakeup' | 'connect'>,
  error: unknown,
): Promise<void> {
  logger.warn({ err: error }, 'projections interrupted');
  if (isTransientError(error)) return;
  for (const projection of projections) {
    try {
      await projectBatch(db, projection, pagesOf(store), { role });
    } catch (own) {
      if (isTransientError(own)) return;
      report(logger, new Map([[projection, own as Error]]));
      await stopFor(db, projection, role, own as Error).catch((lost) => {
        logger.warn({ err: lost }, 'a projection could not be paused');
      });
    }
  }
}

/** Says which were paused, and why. */
export function report(logger: Logger, failures: ReadonlyMap<Projection, Error>): void {
  for (const [{ name }, err] of failures) logger.error({ err, projection: name }, 'paused');
}

/**
 * Applies the next events to the generation in `role` of one projection, those up to `through` at
 * most; answers how many it read: 0 also when another process is at it, or it is paused. Throws
 * what its handler throws once all before that event is stored, and it is paused.
 */
export async function projectBatch(
  db: Db,
  projection: Projection,
  pages: Pages,
  { role = 'live', through = Number.MAX_SAFE_INTEGER }: { role?: Role; through?: number } = {},
): Promise<number> {
  const { events, failure } = await db.transaction().execute(async (transaction) => {
    const send = sendOver(transaction);
    const held = heldOf([projection], await send(holding([projection], role))).get(projection);
    if (held === undefined) return { events: 0, failure: undefined };
    return applyBatch(send, projection, held, pages, through);
  });
  if (failure !== undefined) throw failure;
  return events;
}

/** Applies the next events to a generation whose checkpoint the transaction holds. */
export async function applyBatch(
  send: Send,
  projection: Projection,
  held: Held,
  pages: Pages,
  through: number,
) {
  const startedAt = performance.now();
  const { generation, position, events_per_second_max: rateMax } = held;
  const limit = Math.min(through - position, rateMax ?? Number.POSITIVE_INFINITY);
  const page = await pages.read(position, limit);
  const events = page.facts.length;
  if (events === 0) return { events, position, failure: undefined };
  const done = await foldingOf(projection, generation, position).fold(page, send);
  for (const save of done.saves) await send(save);
  const seconds = (performance.now() - startedAt) / 1_000;
  await send(moved([{ projection, held, done }], { events, seconds, isStoring: false }));
  return { events, position: done.position, failure: done.failure };
}

/** Statements by way of Kysely, one after the other: in a transaction of its own, or in none. */
export function sendOver(db: Db): Send {
  let last: Promise<unknown> = Promise.resolve();
  return ({ text, values }) => {
    const sent = last.then(() => db.executeQuery<object>(CompiledQuery.raw(text, [...values])));
    last = sent.catch(() => undefined);
    return sent.then(({ rows }) => rows);
  };
}
