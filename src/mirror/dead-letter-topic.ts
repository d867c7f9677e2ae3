/**
 * Dead letters on their topic, each once: published as events are, the last one's id as a
 * checkpoint in the same transaction. What was published but not noted is then known by it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { within } from '../relay/deadline.ts';
import { namesOf } from '../relay/topics.ts';
import { fence, readMark, sendMarked, transactionalProducer } from '../relay/transaction.ts';
import { type KeptLetter, toDeadMessage } from './dead-letters.ts';
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

async function publish({ kafka, prefix }: Parts, db: Db, letters: readonly KeptLetter[]) {
  const group = `${await siteGroup(db, prefix)}-dlq`;
  const target = { topic: namesOf(prefix).deadLettersTopic, group };
  const { site_id } = await readSite(db);
  const admin = kafka.admin();
  const producer = transactionalProducer(kafka, group);
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    await fence(producer);
    const { offset: told = 0 } = (await readMark(admin, target)) ?? {};
    const messages = letters
      .filter(({ id }) => id > told)
      .map((letter) => toDeadMessage(letter, site_id));
    const offset = Math.max(told, letters.at(-1)?.id ?? 0);
    if (messages.length > 0) await sendMarked(producer, target, messages, { offset });
  } finally {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
}
