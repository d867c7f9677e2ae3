/** A relay by itself, on a log of its own, whose steps can be stopped between. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { pino } from 'pino';
import { connectOnce, readLogId } from '../../src/db.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { listenForAppends } from '../../src/eventstore/wakeup.ts';
import { initTopics, kafkaClient } from '../../src/relay/client.ts';
import { type RelayParts, type RelayState, runRelay } from '../../src/relay/relay.ts';
import { freshStore, type Test, type TestDatabase } from '../db.ts';
import { append, event } from '../eventstore/events.ts';
import { brokers } from '../service.ts';

export const quiet = pino({ level: 'silent' });
const reachTimeoutMs = 60_000;
/** A store takes 10,000 appends that wait. */
const atOnce = 5_000;

export type Log = TestDatabase & { store: EventStore; prefix: string };

/** A fresh log, and its topics at `at`. */
export async function freshLog(t: Test, at = brokers as string): Promise<Log> {
  const log = { ...(await freshStore(t)), prefix: `t-${randomUUID()}` };
  await initTopics({ brokers: [at] }, log.prefix, quiet);
  return log;
}

export type Relaying = { readonly state: RelayState; stop(): Promise<void> };

/** Starts a relay in this process, which is stopped after the test at the latest. */
export async function startRelay(
  t: Test,
  { url, db, store, prefix }: Pick<Log, 'url' | 'db' | 'store' | 'prefix'>,
  more: Partial<RelayParts> = {},
): Promise<Relaying> {
  const stopping = new AbortController();
  const wakeup = listenForAppends(url, () => undefined);
  const state: RelayState = { state: 'starting', position: 0 };
  const running = runRelay(
    {
      kafka: kafkaClient({ brokers: [brokers as string] }, quiet),
      ...{ store, wakeup, prefix, state, logger: quiet },
      logId: await readLogId(db),
      connect: () => connectOnce(url),
      ...more,
    },
    stopping.signal,
  );
  const stop = async () => {
    stopping.abort();
    await running;
    await wakeup.close();
  };
  t.teardown(stop);
  return { state, stop };
}

/** Resolves when `holds`; what `tell` says is in the error if it never does. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  tell: () => unknown,
): Promise<void> {
  for (const deadline = Date.now() + reachTimeoutMs; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`never so: ${JSON.stringify(tell())}`);
  }
}

/** Resolves when the relay has come to `position`. */
export function relayedTo({ state }: Relaying, position: number): Promise<void> {
  return until(
    () => state.position >= position,
    () => ({ state, position }),
  );
}

/** Appends `count` events to `streams` streams, each data as large as `bytes`; answers the head. */
export async function fill(
  { store }: Pick<Log, 'store'>,
  count: number,
  { streams = 20, bytes = 10 } = {},
): Promise<number> {
  const one = (i: number) => append(`s-${i % streams}`, [event({ text: 'x'.repeat(bytes) })]);
  for (let from = 0; from < count; from += atOnce) {
    const length = Math.min(atOnce, count - from);
    await Promise.all(Array.from({ length }, (_, i) => store.append(one(from + i))));
  }
  return store.head();
}

export type Steps = {
  /** After the messages of a batch were sent, before its checkpoint. */
  beforeCheckpoint?: () => Promise<void>;
  beforeCommit?: () => Promise<void>;
  afterCommit?: () => Promise<void>;
  afterCheckpointRead?: () => Promise<void>;
};

/** `kafka`, its relay stopped at `steps`. */
export function withSteps(kafka: Kafka, steps: Steps): Kafka {
  return {
    ...kafka,
    logger: kafka.logger.bind(kafka),
    consumer: kafka.consumer.bind(kafka),
    admin(options) {
      const admin = kafka.admin(options);
      const fetchOffsets: typeof admin.fetchOffsets = async (asked) => {
        const answer = await admin.fetchOffsets(asked);
        await steps.afterCheckpointRead?.();
        return answer;
      };
      return { ...admin, fetchOffsets };
    },
    producer(options) {
      const producer = kafka.producer(options);
      const transaction: typeof producer.transaction = async () => {
        const open = await producer.transaction();
        return {
          ...open,
          async sendOffsets(offsets) {
            await steps.beforeCheckpoint?.();
            await open.sendOffsets(offsets);
          },
          async commit() {
            await steps.beforeCommit?.();
            await open.commit();
            await steps.afterCommit?.();
          },
        };
      };
      return { ...producer, transaction };
    },
  };
}
