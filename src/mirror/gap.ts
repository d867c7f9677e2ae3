/**
 * Events that were passed over. Where topics are made anew, the same events have other offsets; a
 * consumer that hears of it late goes on at its own, which may be that of a later event.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import type { Logger } from 'pino';
import type { Db } from '../db.ts';
import { readMirrorProgress } from './site.ts';

/** For one event, while later ones are there: the next fetches would have brought it. */
const gapWaitMs = 30_000;
const looksMin = 6;

type Parts = {
  consumer: Consumer;
  db: Db;
  topic: string;
  logger: Logger;
  gapWaitMs?: number | undefined;
};

/**
 * Before its consumer joins the group; `run` then reads its partitions from their beginning, once
 * for each position that is missing for long: as what waits is on the topic, so is all before it.
 * What is known is passed over.
 */
export function gapWatch({ consumer, db, topic, logger, ...parts }: Parts) {
  const waitMs = parts.gapWaitMs ?? gapWaitMs;
  let partitions: readonly number[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    partitions = payload.memberAssignment[topic] ?? [];
  });
  return {
    async run(signal: AbortSignal): Promise<void> {
      let missing: number | null = null;
      let since = Date.now();
      let isReadAgain = false;
      while (!signal.aborted) {
        await sleep(waitMs / looksMin, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        const progress = await readMirrorProgress(db);
        // What is held is there, and cannot be taken.
        const found = progress.held === null ? progress.missing : null;
        if (found !== missing) {
          missing = found;
          since = Date.now();
          isReadAgain = false;
        }
        if (missing === null || isReadAgain || Date.now() - since < waitMs) continue;
        isReadAgain = true;
        logger.warn({ missing }, 'an event was passed over: the topic is read again');
        for (const partition of partitions) consumer.seek({ topic, partition, offset: '0' });
      }
    },
  };
}
