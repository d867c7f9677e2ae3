/** kafkajs as it is set up here, and the one thing done with it outside the relay. */
import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from 'pino';
import { createTopics } from './topics.ts';

/** A client with short waits of its own, because the relay backs off itself. */
export function kafkaClient(brokers: string[], logger: Logger): Kafka {
  return new Kafka({
    clientId: 'frontlog',
    brokers,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 10, maxRetryTime: 1_000, retries: 8 },
    logLevel: logLevel.ERROR,
    // kafkajs logs as errors what it then retries; what matters is thrown.
    logCreator: () => (entry) => logger.debug({ kafka: entry.log }, entry.namespace),
  });
}

/** Creates the topics that are missing; answers which ones it made. */
export async function initTopics(
  brokers: string[],
  prefix: string,
  logger: Logger,
): Promise<string[]> {
  const admin = kafkaClient(brokers, logger).admin();
  await admin.connect();
  try {
    return await createTopics(admin, prefix);
  } finally {
    await admin.disconnect();
  }
}
