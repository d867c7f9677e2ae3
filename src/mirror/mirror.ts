/**
 * A mirror of the log, filled from the topic: one consumer of a group that all processes of the
 * site are in. What it reads is in the database before its offsets are committed, and what is read
 * again is passed over, so that nothing is lost or doubled, whoever dies.
 */
import { setImmediate as afterEvents, setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { type Db, readHead } from '../db.ts';
import { stopGraceMs } from '../relay/deadline.ts';
import { reasonOf } from '../relay/reason.ts';
import { namesOf } from '../relay/topics.ts';
import { type Arrival, feed, MirrorRefused } from './feed.ts';
import { gapWatch } from './gap.ts';
import { siteGroup } from './site.ts';

const backOffMinMs = 100;
const backOffMaxMs = 5_000;
/** A stop has to wait for the fetch under way. */
const fetchWaitMs = 500;
/** After how long the others take over from one that died. */
const sessionTimeoutMs = 10_000;
const partitionsAtOnceMax = 64;
/** A partition that is read so far ahead of the head waits for the others, and so long at most. */
const aheadEventsMax = 100_000;
const aheadWaitMs = 30_000;
const aheadCheckIntervalMs = 500;

export type MirrorState = {
  /** `refused`: topic and mirror are not of one history; tried again, but it needs somebody. */
  state: 'starting' | 'reading' | 'waiting' | 'refused';
  lastError?: string;
};
export type MirrorParts = {
  kafka: Kafka;
  db: Db;
  /** Of the topic; see `namesOf`. */
  prefix: string;
  logger: Logger;
  state: MirrorState;
  /** Positions. */
  aheadEventsMax?: number;
  gapWaitMs?: number;
};

/** Mirrors until `signal`. Kafka or PostgreSQL down: waits, backs off, resumes where it was. */
export async function runMirror(parts: MirrorParts, signal: AbortSignal): Promise<void> {
  const { state, logger } = parts;
  let backOffMs = backOffMinMs;
  while (!signal.aborted) {
    try {
      await mirrorOnce(parts, signal, () => {
        state.state = 'reading';
        delete state.lastError;
        backOffMs = backOffMinMs;
      });
    } catch (error) {
      if (signal.aborted) return;
      state.state = error instanceof MirrorRefused ? 'refused' : 'waiting';
      state.lastError = reasonOf(error);
      logger.warn({ err: error, backOffMs }, 'the mirror waits');
      const jittered = backOffMs * (0.5 + Math.random() / 2);
      await sleep(jittered, undefined, { signal }).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, backOffMaxMs);
    }
  }
}

async function mirrorOnce(parts: MirrorParts, signal: AbortSignal, onProgress: () => void) {
  const { kafka, db, prefix } = parts;
  const consumer = kafka.consumer({
    groupId: await siteGroup(db, prefix),
    maxWaitTimeInMs: fetchWaitMs,
    sessionTimeout: sessionTimeoutMs,
    // Copies of what was given up are not for us.
    readUncommitted: false,
    // Else a broker might make the topic before we do, with its own count of partitions.
    allowAutoTopicCreation: false,
  });
  const over = Promise.withResolvers<void>();
  const stop = () => over.resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  consumer.on(consumer.events.CRASH, ({ payload }) => over.reject(payload.error));
  const topic = namesOf(prefix).eventsTopic;
  const gaps = gapWatch({ ...parts, consumer, topic });
  const watching = new AbortController();
  const feedTogether = together(async (arrivals) => {
    try {
      const head = await feed(db, arrivals);
      onProgress();
      return head;
    } catch (error) {
      // The consumer is thrown away with what it has not committed.
      over.reject(error);
      throw error;
    }
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: partitionsAtOnceMax,
      eachBatch: (payload) => takeBatch(payload, parts, feedTogether, signal),
    });
    onProgress();
    gaps.run(watching.signal).catch(over.reject);
    await over.promise;
  } finally {
    watching.abort();
    signal.removeEventListener('abort', stop);
    // Closing what may be broken: the error that matters is already on its way.
    over.promise.catch(() => undefined);
    await Promise.race([consumer.disconnect().catch(() => undefined), sleep(stopGraceMs)]);
  }
}

async function takeBatch(
  { batch, heartbeat, pause }: EachBatchPayload,
  { db, aheadEventsMax: aheadMax = aheadEventsMax }: MirrorParts,
  feedTogether: (arrivals: Arrival[]) => Promise<number>,
  signal: AbortSignal,
): Promise<void> {
  const { topic, partition, messages } = batch;
  const head = await feedTogether(messages.map((message) => ({ topic, partition, message })));
  await heartbeat();
  const last = Number(messages.at(-1)?.headers?.ce_position ?? 0);
  if (!(last > head + aheadMax)) return;
  const resume = pause();
  void waitForOthers(db, last - aheadMax, signal).finally(resume);
}

// Whoever has the event that comes next has read nothing beyond it, and so is never held up; but
// for a good copy of one that was held, which stands behind all that waits for it.
async function waitForOthers(db: Db, position: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + aheadWaitMs;
  do {
    await sleep(aheadCheckIntervalMs, undefined, { signal }).catch(() => undefined);
    if (Date.now() > deadline) return;
  } while (!signal.aborted && (await readHead(db).catch(() => 0)) < position);
}

/**
 * `work` on what all callers bring while it is busy, at once: the batches of all partitions that
 * one fetch brings are one statement. Each caller hears how that went.
 */
function together(work: (arrivals: Arrival[]) => Promise<number>) {
  type Round = { arrivals: Arrival[]; done: PromiseWithResolvers<number> };
  let next: Round | undefined;
  let isBusy = false;
  async function run() {
    isBusy = true;
    await afterEvents();
    while (next !== undefined) {
      const { arrivals, done } = next;
      next = undefined;
      await work(arrivals).then(done.resolve, done.reject);
    }
    isBusy = false;
  }
  return (arrivals: Arrival[]): Promise<number> => {
    next ??= { arrivals: [], done: Promise.withResolvers() };
    for (const arrival of arrivals) next.arrivals.push(arrival);
    const { promise } = next.done;
    if (!isBusy) void run();
    return promise;
  };
}
