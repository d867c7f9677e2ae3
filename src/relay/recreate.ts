/** Making the topics anew, where what is on them cannot be gone on with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { takeLock } from './lock.ts';
import type { RelayParts } from './relay.ts';
import { unpin } from './shown.ts';
import { createTopics, namesOf } from './topics.ts';
import { fence, transactionalProducer } from './transaction.ts';

const lockTimeoutMs = 15_000;
const deleteTimeoutMs = 30_000;
const pollIntervalMs = 100;

/**
 * Deletes the topics, the checkpoint and the pin, and creates the topics again: the next relay
 * begins with the first event. Throws where a relay is active. Answers what it did.
 */
export async function recreateTopics({
  kafka,
  prefix,
  connect,
}: Pick<RelayParts, 'kafka' | 'prefix' | 'connect'>): Promise<string[]> {
  const topic = namesOf(prefix).eventsTopic;
  const state = { state: 'starting' as const, position: 0 };
  const lock = await takeLock({ connect, topic, state }, AbortSignal.timeout(lockTimeoutMs));
  if (lock === undefined) throw new Error('a relay is active: stop it first');
  const admin = kafka.admin();
  try {
    await admin.connect();
    await fenceRelays(kafka, prefix);
    await deleteAll(admin, prefix);
    await unpin(lock.client, namesOf(prefix).eventsTopic);
    await unpin(lock.client, namesOf(prefix).warStatusTopic);
    return await createTopics(admin, prefix);
  } finally {
    await admin.disconnect();
    await lock.release();
  }
}

// One that was frozen in the middle of a batch must not go on with it on the new topic.
async function fenceRelays(kafka: Kafka, prefix: string): Promise<void> {
  const producer = transactionalProducer(kafka, namesOf(prefix).relayGroup);
  await producer.connect();
  await fence(producer);
  await producer.disconnect();
}

async function deleteAll(admin: Admin, prefix: string): Promise<void> {
  const { relayGroup, eventsTopic, warStatusTopic, deadLettersTopic } = namesOf(prefix);
  const ours = [eventsTopic, warStatusTopic, deadLettersTopic];
  const present = await admin.listTopics();
  const topics = ours.filter((topic) => present.includes(topic));
  if (topics.length > 0) await admin.deleteTopics({ topics, timeout: deleteTimeoutMs });
  const { groups } = await admin.listGroups();
  if (groups.some(({ groupId }) => groupId === relayGroup)) await admin.deleteGroups([relayGroup]);
  // The broker answers before the names are free again.
  const deadline = Date.now() + deleteTimeoutMs;
  while ((await admin.listTopics()).some((topic) => ours.includes(topic))) {
    if (Date.now() > deadline) throw new Error('the topics could not be deleted in time');
    await sleep(pollIntervalMs);
  }
}
