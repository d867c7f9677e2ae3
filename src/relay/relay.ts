/**
 * The relay: a subscription to the log that writes to Kafka. Each batch is one Kafka transaction
 * that holds its checkpoint too, so messages and checkpoint become visible together or not at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import { subscribe } from '../eventstore/subscription.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import { fence, publish, readCheckpoint } from './checkpoint.ts';
import { type Lock, takeLock } from './lock.ts';
import { messageBytes, toMessage } from './message.ts';
import { checkTopics, messageBytesMax, namesOf } from './topics.ts';

export const batchSizeMax = 1_000;
const batchBytesMax = messageBytesMax - 64 * 1024;
const backOffMinMs = 100;
const backOffMaxMs = 5_000;
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
  store: EventStore;
  wakeup: Wakeup;
  logId: string;
  /** Of topic and group; see `namesOf`. */
  prefix: string;
  /** A connection of its own, for the lock that keeps one relay active over all instances. */
  connect: () => Promise<pg.Client>;
  logger: Logger;
  state: RelayState;
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
      parts.state.lastError = (error as Error).message;
      parts.logger.warn({ err: error, backOffMs }, 'relay waits');
      await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, backOffMaxMs);
    }
  }
}

// One tenure: from taking the lock to the first error. After an error the producer is thrown away,
// because kafkajs may take the next batch for a duplicate of the one that failed.
async function relayOnce(parts: RelayParts, signal: AbortSignal, onProgress: () => void) {
  const { kafka, logger, state } = parts;
  const lock = await takeLock(parts, signal);
  if (lock === undefined) return;
  const admin = kafka.admin();
  const producer = kafka.producer({
    transactionalId: namesOf(parts.prefix).relayGroup,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionTimeout: 30_000,
  });
  try {
    await admin.connect();
    await checkTopics(admin, parts.prefix);
    await producer.connect();
    await fence(producer);
    state.position = await readCheckpoint(admin, parts);
    state.state = 'active';
    delete state.lastError;
    logger.info({ position: state.position }, 'relay active');
    await relayBatches(parts, producer, lock, signal, onProgress);
  } finally {
    // Closing what may be broken: the error that matters is already on its way.
    const closing = [producer.disconnect(), admin.disconnect(), lock.client.end()];
    await Promise.race([Promise.allSettled(closing), sleep(backOffMaxMs)]);
  }
}

async function relayBatches(
  { store, wakeup, logId, prefix, state }: RelayParts,
  producer: Producer,
  lock: Lock,
  signal: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  let committedAt = Date.now();
  const subscription = subscribe(store, wakeup, {
    after: state.position,
    batchSizeMax,
    batchBytesMax,
    signal,
  });
  for await (const events of subscription) {
    const isDue = events.length > 0 || Date.now() - committedAt >= recommitIntervalMs;
    for (const batch of isDue ? inBatches(events, logId) : []) {
      if (signal.aborted || lock.lost) return;
      const position = state.position + batch.length;
      await publish(producer, prefix, batch, { position, logId });
      state.position = position;
      committedAt = Date.now();
      onProgress();
    }
    if (lock.lost) return;
  }
}

/** The events' messages, split where a transaction would be over `batchBytesMax`. */
function inBatches(events: readonly RecordedEvent[], logId: string): Message[][] {
  let batch: Message[] = [];
  const batches = [batch];
  let bytes = 0;
  for (const event of events) {
    const message = toMessage(event, logId);
    bytes += messageBytes(message);
    if (batch.length > 0 && bytes > batchBytesMax) {
      bytes = messageBytes(message);
      batch = [];
      batches.push(batch);
    }
    batch.push(message);
  }
  return batches;
}
