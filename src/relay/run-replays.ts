/** The replays that the service was asked for: run by one process of those that relay. */
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from './lock.ts';
import { reasonOf } from './reason.ts';
import type { RelayParts } from './relay.ts';
import { type ReplayParts, runReplay } from './replay.ts';
import { listOfService, noteFault } from './replays.ts';
import { namesOf } from './topics.ts';

const lookIntervalMs = 1_000;
// Their name among advisory locks.
const lockKey = 7_205_884;

type Parts = ReplayParts & Pick<RelayParts, 'connect' | 'logger'>;

/**
 * Runs them until `signal`, the oldest first, one after the other. What cannot go on says why in
 * its row, holds up no other, and is tried again.
 */
export async function runReplays(parts: Parts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if ((await listOfService(parts.db)).length > 0) await runAll(parts, signal);
    } catch (error) {
      if (!signal.aborted) parts.logger.warn({ err: error }, 'replays wait');
    }
    await sleep(lookIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}

// The lock saves the processes from fencing one another; the fence gives safety.
async function runAll(parts: Parts, signal: AbortSignal): Promise<void> {
  const { db, connect, prefix, logger } = parts;
  // Its position is not the relay's: nothing is shown.
  const state = { state: 'starting' as const, position: 0 };
  const topic = namesOf(prefix).eventsTopic;
  const lock = await takeLock({ connect, topic, state, lockKey }, signal);
  if (lock === undefined) return;
  const lost = new AbortController();
  lock.client.once('end', () => lost.abort());
  const stopping = AbortSignal.any([signal, lost.signal]);
  try {
    for (const replay of await listOfService(db)) {
      if (stopping.aborted) return;
      try {
        await runReplay(parts, replay, stopping);
      } catch (error) {
        if (stopping.aborted) return;
        logger.warn({ err: error, replay: replay.id }, 'a replay waits');
        await noteFault(db, replay.id, reasonOf(error));
      }
    }
  } finally {
    await lock.release();
  }
}
