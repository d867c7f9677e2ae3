/** kafkajs as it is set up here, and the topics made with it outside the relay. */
import { connect } from 'node:net';
import type { ISocketFactory, Kafka as KafkaClient, SASLOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { type KafkaCluster, whyExposed } from '../kafka-cluster.ts';
import { Kafka, logLevel } from './kafkajs.ts';
import { reasonOf } from './reason.ts';
import { createTopics, listFaults } from './topics.ts';

/** As kafkajs has it for sockets of its own. */
const keepAliveMs = 60_000;

/** A client with short waits of its own, because the relay backs off itself. */
export function kafkaClient(
  cluster: KafkaCluster,
  logger: Logger,
  socketFactory?: ISocketFactory,
): KafkaClient {
  const { brokers, tls, sasl } = cluster;
  return new Kafka({
    clientId: 'frontlog',
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    // 300 ms by default; who takes over, and who waits for a broker, would wait that long at least.
    retry: { initialRetryTime: 10, maxRetryTime: 1_000, retries: 8 },
    logLevel: logLevel.ERROR,
    // kafkajs logs as errors what it then retries; what matters is thrown.
    logCreator: () => (entry) => logger.debug({ kafka: entry.log }, entry.namespace),
    ...(tls !== undefined && { ssl: tlsOptionsOf(tls) }),
    // A copy: kafkajs keeps what it makes of it in there.
    ...(sasl !== undefined && { sasl: { ...sasl } as SASLOptions }),
    ...(sasl !== undefined && tls === undefined && { socketFactory: guardedSocket(cluster) }),
    ...(socketFactory !== undefined && { socketFactory }),
  });
}

function tlsOptionsOf({ ca, client }: NonNullable<KafkaCluster['tls']>) {
  return {
    ...(ca !== undefined && { ca: ca.pem }),
    ...(client !== undefined && { cert: client.certificate.pem, key: client.key.pem }),
  };
}

// Brokers name one another by addresses of their own, which no setting has shown before.
function guardedSocket(cluster: KafkaCluster): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const exposed = whyExposed(cluster, host);
    if (exposed !== undefined) throw new Error(exposed);
    return connect({ host, port }, onConnect).setKeepAlive(true, keepAliveMs);
  };
}

/** Creates the topics that are missing, and sets right what is set wrongly; answers what it did. */
export async function initTopics(
  cluster: KafkaCluster,
  prefix: string,
  logger: Logger,
  partitions?: number,
): Promise<string[]> {
  const admin = kafkaClient(cluster, logger).admin();
  await admin.connect();
  try {
    return await createTopics(admin, prefix, partitions);
  } finally {
    await admin.disconnect();
  }
}

/** What is wrong with the topics; or why that cannot be known. */
export async function listTopicFaults(
  cluster: KafkaCluster,
  prefix: string,
  logger: Logger,
): Promise<{ faults: string[] } | { unavailable: string }> {
  const admin = kafkaClient(cluster, logger).admin();
  try {
    await admin.connect();
    return { faults: await listFaults(admin, prefix) };
  } catch (error) {
    return { unavailable: reasonOf(error) };
  } finally {
    await admin.disconnect();
  }
}
