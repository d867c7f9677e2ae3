/** `frontlog topics init`: create the topics that are missing at KAFKA_BROKERS. */
import { readConfig } from '../config.ts';
import { initTopics } from '../relay/client.ts';
import { makeLogger } from './start.ts';

export async function runTopicsInit(): Promise<void> {
  const { kafka, kafkaPrefix, logLevel } = readConfig(process.env);
  if (typeof kafka === 'string') {
    throw new Error('KAFKA_BROKERS names no broker: the embedded one makes its topics itself');
  }
  const made = await initTopics([...kafka], kafkaPrefix, makeLogger(logLevel));
  process.stdout.write(made.length > 0 ? `created ${made.join(', ')}\n` : 'nothing to create\n');
}
