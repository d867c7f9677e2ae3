/**
 * The tail of the topic: the last position that was ever committed to it. What a checkpoint is
 * held against, and what stands in for one that is gone (brokers forget the offsets of a group
 * that was away for a week).
 */
import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { endOfTopic, fetchWaitMs } from './topic-end.ts';

const tailTimeoutMs = 60_000;
/** Offsets of a partition that are looked at first. */
const windowMin = 64;

type Partition = { partition: number; low: number; high: number };
type Tail = {
  readonly position: number;
  readonly eventId: string;
  readonly logId: string | undefined;
};
type Found = Map<number, Tail>;
const nothing: Tail = { position: 0, eventId: '', logId: undefined };

/** Position 0 if no message was committed to the topic. Every transaction on it must have ended. */
export async function readTail(kafka: Kafka, admin: Admin, topic: string) {
  const offsets = await admin.fetchTopicOffsets(topic);
  const partitions = offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .filter(({ low, high }) => high > low);
  if (partitions.length === 0) return nothing;
  // A tail of aborted messages and markers alone hides what was committed before: look further.
  for (let window = windowMin; ; window *= 16) {
    const found = await readTails(kafka, admin, topic, partitions, window);
    const hidden = partitions.some(
      ({ partition, low, high }) => !found.has(partition) && high - window > low,
    );
    if (!hidden) return lastOf(found.values());
  }
}

// kafkajs cannot assign partitions to a consumer: a group of one, thrown away after, gets them all.
async function readTails(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  partitions: readonly Partition[],
  window: number,
): Promise<Found> {
  const groupId = `frontlog-tail-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: fetchWaitMs,
    readUncommitted: false,
    allowAutoTopicCreation: false,
  });
  const found: Found = new Map();
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const end = endOfTopic(consumer, tailTimeoutMs);
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        end.reset();
        const { ce_position, ce_id, ce_logid } = message.headers ?? {};
        const tail = { position: Number(ce_position), eventId: `${ce_id}`, logId: `${ce_logid}` };
        found.set(partition, lastOf([tail, found.get(partition) ?? nothing]));
      },
    });
    for (const { partition, low, high } of partitions) {
      consumer.seek({ topic, partition, offset: String(Math.max(low, high - window)) });
    }
    end.reset();
    await end.reached;
  } finally {
    await consumer.disconnect();
  }
  await admin.deleteGroups([groupId]);
  return found;
}

function lastOf(tails: Iterable<Tail>) {
  return [...tails].reduce((last, one) => (one.position > last.position ? one : last), nothing);
}
