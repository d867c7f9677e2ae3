/** What the relay leaves in Kafka: batches, each with the checkpoint in its transaction. */
import { type Admin, CompressionTypes, type Message, type Producer } from 'kafkajs';
import type { RelayParts } from './relay.ts';
import { readTailPosition } from './tail.ts';
import { namesOf } from './topics.ts';

/** Sends `messages` and the checkpoint `position` as one transaction. */
export async function publish(
  producer: Producer,
  prefix: string,
  messages: Message[],
  { position, logId }: { position: number; logId: string },
): Promise<void> {
  const { eventsTopic, relayGroup } = namesOf(prefix);
  const transaction = await producer.transaction();
  try {
    if (messages.length > 0) {
      await transaction.send({
        topic: eventsTopic,
        acks: -1,
        compression: CompressionTypes.None,
        messages,
      });
    }
    const checkpoint = { partition: 0, offset: String(position), metadata: logId };
    await transaction.sendOffsets({
      consumerGroupId: relayGroup,
      topics: [{ topic: eventsTopic, partitions: [checkpoint] }],
    });
    await transaction.commit();
  } catch (error) {
    // The broker aborts it anyway at the next fence; the first error is the one to report.
    await transaction.abort().catch(() => undefined);
    throw error;
  }
}

/**
 * Fences every older producer. connect() initialises only a plain producer id; the first
 * transaction takes the transactional one. Only after it may the checkpoint be read.
 */
export async function fence(producer: Producer): Promise<void> {
  const transaction = await producer.transaction();
  await transaction.abort();
}

/** The last position on the topic; throws if the topic belongs to another or a later log. */
export async function readCheckpoint(admin: Admin, parts: RelayParts): Promise<number> {
  const { logId, store, prefix } = parts;
  const { eventsTopic, relayGroup } = namesOf(prefix);
  const [found] = await admin.fetchOffsets({ groupId: relayGroup, topics: [eventsTopic] });
  const checkpoint = found?.partitions.find(({ partition }) => partition === 0);
  const head = await store.head();
  if (checkpoint === undefined || checkpoint.offset === '-1') {
    return behindHead(eventsTopic, await readTailPosition(parts.kafka, admin, eventsTopic), head);
  }
  // kafkajs leaves the metadata out of its types' promises, not out of its answer.
  const { offset, metadata } = checkpoint as { offset: string; metadata?: string | null };
  if (metadata !== logId) {
    throw new Error(`${eventsTopic} was filled from another log (${metadata}), not ${logId}`);
  }
  return behindHead(eventsTopic, Number(offset), head);
}

function behindHead(topic: string, position: number, head: number): number {
  if (position <= head) return position;
  throw new Error(`${topic} is ahead of the log (${position} > ${head}): restored too old?`);
}
