/** Reads a whole topic, once, as a `read_committed` consumer sees it. */
import { randomUUID } from 'node:crypto';
import type { Kafka, KafkaMessage } from 'kafkajs';
import { endOfTopic, fetchWaitMs } from './topic-end.ts';

const silenceMaxMs = 60_000;

/** Calls `take` with messages of a partition, in order, until all partitions are at their end. */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  take: (partition: number, messages: readonly KafkaMessage[]) => Promise<void>,
): Promise<void> {
  // kafkajs cannot assign partitions to a consumer: a group of one gets them all.
  const groupId = `frontlog-reader-${randomUUID()}`;
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: fetchWaitMs,
    readUncommitted: false,
    allowAutoTopicCreation: false,
  });
  try {
    await Promise.all([admin.connect(), consumer.connect()]);
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const end = endOfTopic(consumer, silenceMaxMs);
    const failed = Promise.withResolvers<never>();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch, heartbeat }) => {
        end.reset();
        // Thrown here, it would be tried again for ever.
        await take(batch.partition, batch.messages).catch(failed.reject);
        await heartbeat();
        end.reset();
      },
    });
    await Promise.race([end.reached, failed.promise]);
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}
