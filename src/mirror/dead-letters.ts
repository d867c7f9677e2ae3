/** Messages that could not be taken: kept as they came, told on a topic of their own, mended. */

import type { Message } from 'kafkajs';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Db, DeadLettersTable } from '../db.ts';
import { type Arrival, feedEvents, MirrorRefused } from './feed.ts';
import { type RawMessage, take } from './take.ts';

/** A letter as it is kept, with the message as it came. */
export type KeptLetter = Selectable<DeadLettersTable>;
const shown = [
  ...(['id', 'topic', 'partition', 'offset', 'position', 'reason', 'state', 'found_at'] as const),
];
/** A letter without its message, which may be large. */
export type DeadLetter = Pick<KeptLetter, (typeof shown)[number]>;

/** Those of a state, or of all, the oldest first: so many from behind the id `after`. */
export function listDeadLetters(
  db: Db,
  {
    state,
    after,
    limit,
  }: { state?: KeptLetter['state'] | undefined; after: number; limit: number },
): Promise<DeadLetter[]> {
  const letters = db.selectFrom('dead_letters').select(shown).where('id', '>', after);
  const chosen = state === undefined ? letters : letters.where('state', '=', state);
  return chosen.orderBy('id').limit(limit).execute();
}

/** That letter. */
export function findDeadLetter(db: Db, id: number): Promise<DeadLetter | undefined> {
  return db.selectFrom('dead_letters').select(shown).where('id', '=', id).executeTakeFirst();
}

/** Keeps messages with the reason why each could not be taken, in the transaction that `db` is. */
export async function recordDeadLetters(
  db: Db,
  letters: readonly (Arrival & { reason: string; position: number | null })[],
): Promise<void> {
  // The lock of the log: as the letters are published in the order of their ids, none may commit
  // after one with a higher id.
  await sql`select pg_advisory_xact_lock(7205880)`.execute(db);
  const rows = letters.map(({ topic, partition, message, reason, position }) => ({
    ...{ topic, partition, reason, position },
    offset: Number(message.offset),
    sent_at: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: JSON.stringify(pairsOf(message.headers)),
  }));
  await db
    .insertInto('dead_letters')
    .values(rows)
    .onConflict((taken) => taken.doNothing())
    .execute();
}

/**
 * Tries a letter again, as after an upgrade: what can be taken now goes to its place in the log.
 * `isChecked` false takes it whatever this release makes of it, if it is an event at all. Answers
 * undefined once it is taken, else why it still cannot be.
 */
export async function replayDeadLetter(
  db: Db,
  { id }: Pick<DeadLetter, 'id'>,
  isChecked: boolean,
): Promise<string | undefined> {
  const kept = await db
    .selectFrom('dead_letters')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const taken = take(messageOf(kept), isChecked);
  if ('reason' in taken) return taken.reason;
  try {
    await db.transaction().execute(async (transaction) => {
      await feedEvents(transaction, [taken.event]);
      await settle(transaction, id, 'replayed');
    });
    return undefined;
  } catch (error) {
    if (error instanceof MirrorRefused) return error.message;
    throw error;
  }
}

/** Closes a letter; answers why not, where others wait for the event that it says it is. */
export async function dropDeadLetter(
  db: Db,
  { id, position }: Pick<DeadLetter, 'id' | 'position'>,
): Promise<string | undefined> {
  if (position !== null && (await isWaitedFor(db, position))) {
    return `the event at position ${position} is missing, and the log cannot go on without it`;
  }
  await settle(db, id, 'dropped');
  return undefined;
}

/** As it is told on the topic of dead letters: as it came, and where from, and why. */
export function toDeadMessage(letter: KeptLetter, siteId: string): Message {
  const { topic, partition, offset, reason } = letter;
  const { key, value, headers = {} } = messageOf(letter);
  return {
    key,
    value,
    headers: {
      ...headers,
      dlq_reason: reason,
      dlq_topic: topic,
      dlq_partition: String(partition),
      dlq_offset: String(offset),
      dlq_site: siteId,
    },
  };
}

function messageOf({ key, value, headers }: KeptLetter): RawMessage {
  const found: Record<string, Buffer[]> = {};
  for (const [name, text] of headers) {
    found[name] = [...(found[name] ?? []), Buffer.from(text, 'base64')];
  }
  const single = Object.entries(found).map(([name, values]) => {
    return [name, values.length === 1 ? (values[0] as Buffer) : values];
  });
  return { key, value, headers: Object.fromEntries(single) };
}

function pairsOf(headers: RawMessage['headers'] = {}): [string, string][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): [string, string] => {
      return [name, Buffer.from(value).toString('base64')];
    }),
  );
}

async function isWaitedFor(db: Db, position: number): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    select not exists (select from waiting_events where position = ${position})
       and exists (select from waiting_events where position > ${position})
       and not exists (select from events where position = ${position}) as waits`.execute(db);
  return rows[0]?.waits === true;
}

// What was replayed stays so, whoever drops it meanwhile.
async function settle(db: Db, id: number, state: 'replayed' | 'dropped'): Promise<void> {
  await db
    .updateTable('dead_letters')
    .set({ state })
    .where('id', '=', id)
    .where('state', '<>', 'replayed')
    .execute();
}
