/**
 * A part of the log published again, to a topic of its own: exactly once there too, as each batch
 * is a transaction with its checkpoint. It may be stopped or killed anywhere and gone on with.
 */
import type { Admin, Kafka } from 'kafkajs';
import type { Selectable } from 'kysely';
import { type Db, isUniqueViolation, type ReplaysTable } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { batchBytesMax, batchSizeMax, inBatches } from './batches.ts';
import { within } from './deadline.ts';
import { createReplayTopic, namesOf } from './topics.ts';
import { fence, readMark, sendMarked, transactionalProducer } from './transaction.ts';

const noteIntervalMs = 1_000;
const publishTimeoutMs = 30_000;

export type Replay = Selectable<ReplaysTable>;
export type ReplayAsked = {
  readonly from: number;
  readonly to: number;
  /** Empty: all. */
  readonly types: readonly string[];
  readonly stream: string | undefined;
  /** Absent: one of its own. */
  readonly topic: string | undefined;
};
export type ReplayParts = {
  kafka: Kafka;
  db: Db;
  store: Pick<EventStore, 'readLog' | 'head'>;
  logId: string;
  prefix: string;
};

/** It cannot be; the message says why. */
export class ReplayRefused extends Error {}

/** Notes a replay and makes its topic. Throws `ReplayRefused` for what cannot be. */
export async function startReplay(
  parts: ReplayParts,
  id: string,
  asked: ReplayAsked,
): Promise<Replay> {
  const { db, store, prefix, kafka } = parts;
  const { from, to, types, stream = null, topic = `${prefix}.replay.${id}.v1` } = asked;
  const head = await store.head();
  if (from > to) throw new ReplayRefused(`there is nothing from ${from} to ${to}`);
  if (to > head) throw new ReplayRefused(`the log ends at position ${head}, before ${to}`);
  if (topic.startsWith(`${prefix}.`) && !topic.startsWith(`${prefix}.replay.`)) {
    throw new ReplayRefused(`${topic} is a topic that others read: nothing is replayed there`);
  }
  const taken = await db.selectFrom('replays').where('topic', '=', topic).select('id').execute();
  if (taken.length > 0) throw ofAnother(topic);
  const admin = kafka.admin();
  await admin.connect();
  try {
    await refuseFilled(admin, topic);
    const replay = await note(db, {
      ...{ id, topic, stream, from_position: from, to_position: to, position: from - 1 },
      types: types.length === 0 ? null : [...types],
    });
    await createReplayTopic(admin, namesOf(prefix).eventsTopic, topic);
    return replay;
  } finally {
    await admin.disconnect();
  }
}

/** That replay. */
export function findReplay(db: Db, id: string): Promise<Replay | undefined> {
  return db.selectFrom('replays').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Ends a replay that is not done; what it has published stays. Answers whether there was one. */
export async function cancelReplay(db: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('replays')
    .set({ state: 'cancelled' })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Goes on with a replay until it is done, cancelled, or `signal`; answers how it is then. Whoever
 * else is at it is fenced, and throws. `onProgress` hears at most each second.
 */
export async function runReplay(
  parts: ReplayParts,
  replay: Replay,
  signal: AbortSignal,
  onProgress: (replay: Replay) => void = () => undefined,
): Promise<Replay> {
  const { kafka, db, store, logId, prefix } = parts;
  const { id, topic, to_position, types, stream } = replay;
  const target = { topic, group: `${prefix}-replay-${id}` };
  const admin = kafka.admin();
  const producer = transactionalProducer(kafka, target.group, publishTimeoutMs);
  const wanted = new Set(types);
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    await fence(producer);
    let { position, published } = progressOf(await readMark(admin, target), replay);
    let current = replay;
    for (let notedAt = Date.now(); position < to_position && !signal.aborted; ) {
      const limit = Math.min(batchSizeMax, to_position - position);
      const page = await store.readLog(position, limit, batchBytesMax);
      const chosen = page.filter(
        (event) =>
          (types === null || wanted.has(event.type)) &&
          (stream === null || event.stream === stream),
      );
      for (const { messages, last } of inBatches(chosen, logId)) {
        published += messages.length;
        const mark = { offset: last.position, metadata: String(published) };
        const sending = sendMarked(producer, target, messages, mark);
        await within(publishTimeoutMs, 'a batch', signal, sending);
      }
      position = page.at(-1)?.position ?? to_position;
      if (Date.now() - notedAt < noteIntervalMs) continue;
      notedAt = Date.now();
      current = await renote(db, id, { position, published });
      if (current.state === 'cancelled') return current;
      onProgress(current);
    }
    const isDone = position >= to_position;
    return await renote(db, id, { position, published, ...(isDone && { state: 'done' as const }) });
  } finally {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
}

// The mark is of the last message: behind it nothing was published, whatever was read.
function progressOf(mark: Awaited<ReturnType<typeof readMark>>, { from_position }: Replay) {
  if (mark === undefined) return { position: from_position - 1, published: 0 };
  return { position: mark.offset, published: Number(mark.metadata) };
}

async function note(db: Db, values: Omit<Replay, 'state' | 'published' | 'created_at'>) {
  try {
    return await db.insertInto('replays').values(values).returningAll().executeTakeFirstOrThrow();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw ofAnother(values.topic);
  }
}

function ofAnother(topic: string): ReplayRefused {
  return new ReplayRefused(`${topic} is the topic of another replay`);
}

// Cancelled is not undone by who has not heard of it yet.
function renote(
  db: Db,
  id: string,
  values: Partial<Pick<Replay, 'position' | 'published' | 'state'>>,
) {
  const { state, ...progress } = values;
  return db
    .updateTable('replays')
    .set((is) => ({
      ...progress,
      ...(state !== undefined && {
        state: is
          .case()
          .when('state', '=', 'cancelled')
          .then('cancelled' as const)
          .else(state)
          .end(),
      }),
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

async function refuseFilled(admin: Admin, topic: string): Promise<void> {
  if (!(await admin.listTopics()).includes(topic)) return;
  const offsets = await admin.fetchTopicOffsets(topic);
  if (offsets.every(({ high }) => Number(high) === 0)) return;
  throw new ReplayRefused(`${topic} has messages already: a replay has a topic of its own`);
}
