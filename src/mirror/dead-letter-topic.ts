/**
 * Dead letters on their topic, each once: published as events are, the last one's id as a
 * checkpoint in the same transaction. What was published but not noted is then known by it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Partitioners, type Producer } from 'kafkajs';
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { fence } from '../relay/checkpoint.ts';
import { within } from '../relay/deadline.ts';
import { namesOf } from '../relay/topics.ts';
import { type DeadLetter, toDeadMessage } from './dead-letters.ts';
import type { MirrorParts } from './mirror.ts';
import { readSite, siteGroup } from './site.ts';

const lookIntervalMs = 1_000;
const publishTimeoutMs = 20_000;
const lettersMax = 20;

type Parts = Pick<MirrorParts, 'kafka' | 'db' | 'prefix' | 'logger'>;

/** Publishes what is found, now or later, until `signal`. */
export async function runDeadLetters(parts: Parts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let published = 0;
    try {
      published = await publishDeadLetters(parts, signal);
    } catch (error) {
      if (!signal.aborted) parts.logger.warn({ err: error }, 'dead letters wait');
    }
    if (published > 0) continue;
    await sleep(lookIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Publishes some of those that are not yet; answers how many, 0 also while another is at it. */
export function publishDeadLetters(parts: Parts, signal: AbortSignal): Promise<number> {
  return parts.db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(7205883) as mine`.execute(transaction);
    if (rows[0]?.mine !== true) return 0;
    const letters = await transaction
      .selectFrom('dead_letters')
      .selectAll()
      .where('published', '=', false)
      .orderBy('id')
      .limit(lettersMax)
      .execute();
    if (letters.length === 0) return 0;
    await within(publishTimeoutMs, 'publishing', signal, publish(parts, transaction, letters));
    const ids = letters.map(({ id }) => id);
    await transaction
      .updateTable('dead_letters')
      .set({ published: true })
      .where('id', 'in', ids)
      .execute();
    return ids.length;
  });
}

async function publish({ kafka, prefix }: Parts, db: Db, letters: readonly DeadLetter[]) {
  const group = `${await siteGroup(db, prefix)}-dlq`;
  const { site_id } = await readSite(db);
  const topic = namesOf(prefix).deadLettersTopic;
  const admin = kafka.admin();
  const producer = kafka.producer({
    transactionalId: group,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    await fence(producer);
    const last = await readLast(admin, group, topic);
    const missing = letters.filter(({ id }) => id > last);
    if (missing.length > 0) await send(producer, { group, topic, siteId: site_id }, missing);
  } finally {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
}

async function readLast(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return Number(found?.partitions.find(({ partition }) => partition === 0)?.offset ?? 0);
}

async function send(
  producer: Producer,
  { group, topic, siteId }: { group: string; topic: string; siteId: string },
  letters: readonly DeadLetter[],
): Promise<void> {
  const transaction = await producer.transaction();
  try {
    const messages = letters.map((letter) => toDeadMessage(letter, siteId));
    await transaction.send({ topic, acks: -1, messages });
    const checkpoint = { partition: 0, offset: String(letters.at(-1)?.id ?? 0) };
    await transaction.sendOffsets({
      consumerGroupId: group,
      topics: [{ topic, partitions: [checkpoint] }],
    });
    await transaction.commit();
  } catch (error) {
    await transaction.abort().catch(() => undefined);
    throw error;
  }
}
