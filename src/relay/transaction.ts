/** Kafka transactions that hold messages and how far their source was read: both or neither. */
import type { Admin, Kafka, Message, Producer } from 'kafkajs';
import { CompressionTypes, Partitioners } from './kafkajs.ts';

/** Where messages go, and the group that keeps the checkpoint as its offset of partition 0. */
export type Target = { readonly topic: string; readonly group: string };
export type Mark = { readonly offset: number; readonly metadata?: string };

/** How many keys' partitions are remembered; then all are forgotten. */
const keysMax = 10_000;

/** Java's partitioner, as kafkajs has it: to hash a key takes 2 us, and few have most events. */
export function rememberingPartitioner(): ReturnType<typeof Partitioners.DefaultPartitioner> {
  const choose = Partitioners.DefaultPartitioner();
  let partitions = 0;
  const known = new Map<string, number>();
  return (asked) => {
    const { partitionMetadata, message } = asked;
    if (typeof message.key !== 'string' || message.partition != null) return choose(asked);
    if (partitionMetadata.length !== partitions || known.size >= keysMax) {
      known.clear();
      partitions = partitionMetadata.length;
    }
    const before = known.get(message.key);
    if (before !== undefined) return before;
    const chosen = choose(asked);
    known.set(message.key, chosen);
    return chosen;
  };
}

/** A producer for transactions; whoever had the id before is fenced by `fence`. */
export function transactionalProducer(
  kafka: Kafka,
  transactionalId: string,
  transactionTimeout?: number,
): Producer {
  return kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: rememberingPartitioner,
    // One transaction in three finds the one before not quite ended, and waits as long.
    retry: { initialRetryTime: 2, maxRetryTime: 1_000, retries: 10 },
    ...(transactionTimeout !== undefined && { transactionTimeout }),
  });
}

/**
 * Fences every older producer. connect() initialises only a plain producer id; the first
 * transaction takes the transactional one. Only after it may the checkpoint be read.
 */
export async function fence(producer: Producer): Promise<void> {
  const transaction = await producer.transaction();
  await transaction.abort();
}

/** Sends `messages` and the mark as one transaction. */
export async function sendMarked(
  producer: Producer,
  { topic, group }: Target,
  messages: Message[],
  { offset, metadata }: Mark,
): Promise<void> {
  const transaction = await producer.transaction();
  try {
    if (messages.length > 0) {
      await transaction.send({ topic, acks: -1, compression: CompressionTypes.None, messages });
    }
    const mark = {
      partition: 0,
      offset: String(offset),
      ...(metadata !== undefined && { metadata }),
    };
    await transaction.sendOffsets({
      consumerGroupId: group,
      topics: [{ topic, partitions: [mark] }],
    });
    await transaction.commit();
  } catch (error) {
    // The broker aborts it anyway at the next fence; the first error is the one to report.
    await transaction.abort().catch(() => undefined);
    throw error;
  }
}

/** The last mark; undefined if there is none, or the brokers have forgotten it. */
export async function readMark(admin: Admin, { topic, group }: Target): Promise<Mark | undefined> {
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  // kafkajs leaves the metadata out of its types' promises, not out of its answer.
  const found = answer?.partitions.find(({ partition }) => partition === 0) as
    | { offset: string; metadata?: string | null }
    | undefined;
  if (found === undefined || found.offset === '-1') return undefined;
  return { offset: Number(found.offset), metadata: found.metadata ?? '' };
}
