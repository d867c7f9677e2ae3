/** Making the topics anew, where what is on them cannot be gone on with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { type Lock, takeLock } from './lock.ts';
import type { RelayParts } from './relay.ts';
import { unpin } from './shown.ts';
import { createTopics, namesOf } from './topics.ts';
import { fence, transactionalProducer } from './transaction.ts';
import { warStatusLockKey } from './war-status.ts';

const lockTimeoutMs = 15_000;
const deleteTimeoutMs = 30_000;
const pollIntervalMs = 100;

/**
 * Deletes the topics, the checkpoint and the pins, and creates the topics again: the next relay
 * begins with the first event, and every war status is published once more. Throws where a relay is
 * active. Answers what it did.
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
    await stopPublisher(lock.client);
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

// A relay that refuses its topic leaves its lock, while the same process publishes the war status:
// that one has to begin again, as it publishes only what has changed since.
async function stopPublisher(client: Lock['client']): Promise<void> {
  for (const deadline = Date.now() + lockTimeoutMs; ; await sleep(pollIntervalMs)) {
    const { rows } = await client.query('select pg_try_advisory_lock($1) as mine', [
      warStatusLockKey,
    ]);
    if (rows[0]?.mine === true) return;
    if (Date.now() > deadline) throw new Error('the war status is being published: stop it first');
    await client.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and classid = 0 and objid = $1 and objsubid = 1 and granted
         and database = (select oid from pg_database where datname = current_database())`,
      [warStatusLockKey],
    );
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
