/** kafkajs as it is set up here, and the topics made with it outside the relay. */
import type { ISocketFactory, Kafka as KafkaClient } from 'kafkajs';
import type { Logger } from 'pino';
import { Kafka, logLevel } from './kafkajs.ts';
import { createTopics, listFaults } from './topics.ts';

/** A client with short waits of its own, because the relay backs off itself. */
export function kafkaClient(
  brokers: string[],
  logger: Logger,
  socketFactory?: ISocketFactory,
): KafkaClient {
  return new Kafka({
    clientId: 'frontlog',
    brokers,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    // 300 ms by default, and after each commit the next transaction may have to wait for its end.
    retry: { initialRetryTime: 10, maxRetryTime: 1_000, retries: 8 },
    logLevel: logLevel.ERROR,
    // kafkajs logs as errors what it then retries; what matters is thrown.
    logCreator: () => (entry) => logger.debug({ kafka: entry.log }, entry.namespace),
    ...(socketFactory !== undefined && { socketFactory }),
  });
}

/** Creates the topics that are missing, and sets right what is set wrongly; answers what it did. */
export async function initTopics(
  brokers: string[],
  prefix: string,
  logger: Logger,
  partitions?: number,
): Promise<string[]> {
  const admin = kafkaClient(brokers, logger).admin();
  await admin.connect();
  try {
    return await createTopics(admin, prefix, partitions);
  } finally {
    await admin.disconnect();
  }
}

/** What is wrong with the topics; or why that cannot be known. */
export async function listTopicFaults(
  brokers: string[],
  prefix: string,
  logger: Logger,
): Promise<{ faults: string[] } | { unavailable: string }> {
  const admin = kafkaClient(brokers, logger).admin();
  try {
    await admin.connect();
    return { faults: await listFaults(admin, prefix) };
  } catch (error) {
    return { unavailable: (error as Error).message };
  } finally {
    await admin.disconnect();
  }
}
