/**
 * The relay: a subscription to the log that writes to Kafka. Each batch is one Kafka transaction
 * that holds its checkpoint too, so messages and checkpoint become visible together or not at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka, Producer } from 'kafkajs';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import { readAhead } from '../eventstore/read-ahead.ts';
import { subscribe } from '../eventstore/subscription.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import { type Batch, batchBytesMax, batchSizeMax, fullBatchMin, inBatches } from './batches.ts';
import { type Checkpoint, publish, readCheckpoint } from './checkpoint.ts';
import { stopGraceMs, within } from './deadline.ts';
import { type Lock, takeLock } from './lock.ts';
import { reasonOf } from './reason.ts';
import { noteRefusal } from './refusal.ts';
import { findPinnedPartitions, pinPartitions, showFault } from './shown.ts';
import { checkTopics, createTopics, namesOf } from './topics.ts';
import { fence, transactionalProducer } from './transaction.ts';

const backOffMinMs = 100;
const backOffMaxMs = 5_000;
const takeOverTimeoutMs = 90_000;
const publishTimeoutMs = 30_000;
// Brokers forget the offsets of a group without members after 7 days by default.
const recommitIntervalMs = 12 * 60 * 60 * 1_000;

export type RelayState = {
  state: 'starting' | 'standby' | 'active' | 'waiting';
  /** Last position on the topic, as far as this process knows. */
  position: number;
  lastError?: string;
};

export type RelayParts = {
  kafka: Kafka;
  store: Pick<EventStore, 'readLog'>;
  wakeup: Wakeup;
  logId: string;
  /** Of topic and group; see `namesOf`. */
  prefix: string;
  /** A connection of its own, for the lock that keeps one relay active over all instances. */
  connect: () => Promise<pg.Client>;
  logger: Logger;
  state: RelayState;
  /** Whether it makes the topics itself, as for an embedded broker. */
  makesTopics?: boolean;
  /** After how long without a heartbeat another takes over. */
  silenceMaxMs?: number;
  recommitIntervalMs?: number;
};

/** Relays until `signal`. Kafka or PostgreSQL down: waits, backs off, resumes where it was. */
export async function runRelay(parts: RelayParts, signal: AbortSignal): Promise<void> {
  let backOffMs = backOffMinMs;
  while (!signal.aborted) {
    try {
      await relayOnce(parts, signal, () => {
        backOffMs = backOffMinMs;
      });
    } catch (error) {
      if (signal.aborted) return;
      parts.state.state = 'waiting';
      parts.state.lastError = reasonOf(error);
      parts.logger.warn({ err: error, backOffMs }, 'relay waits');
      // Not all at once, when what they all wait for comes back.
      const jittered = backOffMs * (0.5 + Math.random() / 2);
      await sleep(jittered, undefined, { signal }).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, backOffMaxMs);
    }
  }
}

// One tenure: from taking the lock to the first error. After an error the producer is thrown away,
// because kafkajs may take the next batch for a duplicate of the one that failed.
async function relayOnce(parts: RelayParts, signal: AbortSignal, onProgress: () => void) {
  const { kafka, logger, state } = parts;
  const topic = namesOf(parts.prefix).eventsTopic;
  const lock = await takeLock({ ...parts, topic }, signal);
  if (lock === undefined) return;
  const admin = kafka.admin();
  const { relayGroup } = namesOf(parts.prefix);
  const producer = transactionalProducer(kafka, relayGroup, publishTimeoutMs);
  try {
    const taking = takeOver(parts, admin, producer, lock);
    const checkpoint = await within(takeOverTimeoutMs, 'taking over', signal, taking);
    state.position = checkpoint.position;
    state.state = 'active';
    delete state.lastError;
    await showFault(lock.client, topic, null);
    logger.info({ position: state.position }, 'relay active');
    await relayBatches(parts, { producer, lock, checkpoint }, signal, onProgress);
  } catch (error) {
    await noteRefusal(lock.client, topic, error);
    throw error;
  } finally {
    // Closing what may be broken: the error that matters is already on its way.
    const closing = [producer.disconnect(), admin.disconnect(), lock.release()];
    await Promise.race([Promise.allSettled(closing), sleep(stopGraceMs)]);
  }
}

/** Fences whoever was before, and only then reads how far it came. */
async function takeOver(
  parts: RelayParts,
  admin: Admin,
  producer: Producer,
  { client }: Lock,
): Promise<Checkpoint> {
  const { prefix } = parts;
  await admin.connect();
  if (parts.makesTopics === true) {
    const pinned = await findPinnedPartitions(client, namesOf(prefix).eventsTopic);
    await createTopics(admin, prefix, pinned);
  }
  await checkTopics(admin, prefix, (topic, count) => pinPartitions(client, topic, count));
  await producer.connect();
  await fence(producer);
  return readCheckpoint(admin, parts);
}

// Made where a page is read, and so while the one before is on its way.
async function* inMessages(
  subscription: AsyncGenerator<readonly RecordedEvent[], void>,
  logId: string,
): AsyncGenerator<{ events: number; batches: Batch[] }, void> {
  for await (const events of subscription) {
    yield { events: events.length, batches: inBatches(events, logId) };
  }
}

type Tenure = { producer: Producer; lock: Lock; checkpoint: Checkpoint };

async function relayBatches(
  parts: RelayParts,
  { producer, lock, checkpoint }: Tenure,
  signal: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { store, wakeup, state } = parts;
  const recommitAfterMs = parts.recommitIntervalMs ?? recommitIntervalMs;
  let last = checkpoint;
  let committedAt = Date.now();
  const subscription = subscribe(store, wakeup, {
    after: last.position,
    batchSizeMax,
    batchBytesMax,
    signal,
  });
  const pages = inMessages(subscription, parts.logId);
  for await (const { batches } of readAhead(pages, ({ events }) => events >= fullBatchMin)) {
    const isStale = batches.length === 0 && Date.now() - committedAt >= recommitAfterMs;
    const again: Batch[] = isStale ? [{ messages: [], last }] : [];
    for (const batch of [...batches, ...again]) {
      if (signal.aborted || lock.lost) return;
      const publishing = publish(producer, parts, batch.messages, batch.last);
      await within(publishTimeoutMs, 'a batch', signal, publishing);
      last = batch.last;
      state.position = last.position;
      committedAt = Date.now();
      onProgress();
    }
    if (lock.lost) return;
  }
}
