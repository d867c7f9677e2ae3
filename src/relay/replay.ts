/**
 * A part of the log published again, to a topic of its own: exactly once there too, as each batch
 * is a transaction with its checkpoint. It may be stopped or killed anywhere and gone on with.
 */
import type { Admin, Kafka } from 'kafkajs';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { batchBytesMax, batchSizeMax, inBatches } from './batches.ts';
import { within } from './deadline.ts';
import { reasonOf } from './reason.ts';
import {
  findSame,
  noteProgress,
  noteReplay,
  type Replay,
  type ReplayAsked,
  ReplayRefused,
  refuseTaken,
} from './replays.ts';
import { readTail } from './tail.ts';
import { createReplayTopic, namesOf } from './topics.ts';
import { fence, readMark, sendMarked, type Target, transactionalProducer } from './transaction.ts';

const noteIntervalMs = 1_000;
const publishTimeoutMs = 30_000;
const askTimeoutMs = 10_000;

export type ReplayParts = {
  kafka: Kafka;
  db: Db;
  store: Pick<EventStore, 'readLog' | 'head'>;
  logId: string;
  prefix: string;
};

/** Whether it may be cannot be known now; the message says why. */
export class KafkaUnreachable extends Error {}

/**
 * Notes a replay, for `runBy` to run. One that was asked for before, the same under the same id, is
 * so already. Throws `ReplayRefused` for what cannot be, and `KafkaUnreachable`.
 */
export async function startReplay(
  { db, store, prefix, kafka }: Pick<ReplayParts, 'db' | 'store' | 'prefix' | 'kafka'>,
  id: string,
  asked: ReplayAsked,
  runBy: Replay['run_by'] = 'command',
): Promise<{ replay: Replay; isNew: boolean }> {
  const { from, to, types, stream = null, topic = namesOf(prefix).replayTopic(id) } = asked;
  const values = {
    ...{ id, topic, stream, from_position: from, to_position: to, position: from - 1 },
    types: types.length === 0 ? null : [...types],
    run_by: runBy,
  };
  const known = await findSame(db, values);
  if (known !== undefined) return { replay: known, isNew: false };
  if (from > to) throw new ReplayRefused('range-empty', `there is nothing from ${from} to ${to}`);
  const head = await store.head();
  if (to > head) {
    throw new ReplayRefused('beyond-log', `the log ends at position ${head}, before ${to}`);
  }
  if (topic.startsWith(`${prefix}.`) && !topic.startsWith(`${prefix}.replay.`)) {
    const why = `${topic} is a topic that others read: nothing is replayed there`;
    throw new ReplayRefused('topic-live', why);
  }
  await refuseTaken(db, topic);
  const never = new AbortController().signal;
  try {
    await within(askTimeoutMs, 'asking Kafka', never, refuseFilled(kafka, topic));
  } catch (error) {
    if (error instanceof ReplayRefused) throw error;
    throw new KafkaUnreachable(reasonOf(error), { cause: error });
  }
  return { replay: await noteReplay(db, values), isNew: true };
}

/**
 * Goes on with a replay until it is done, cancelled, taken by another, or `signal`; answers how it
 * is then. Whoever else is at it is fenced, and throws. `onProgress` hears at most each second.
 */
export async function runReplay(
  parts: ReplayParts,
  replay: Replay,
  signal: AbortSignal,
  onProgress: (replay: Replay) => void = () => undefined,
): Promise<Replay> {
  const { kafka, db, store, logId, prefix } = parts;
  const { id, topic, to_position } = replay;
  const target = { topic, group: `${prefix}-replay-${id}` };
  const admin = kafka.admin();
  const producer = transactionalProducer(kafka, target.group, publishTimeoutMs);
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const isNew = await createReplayTopic(admin, namesOf(prefix).eventsTopic, topic);
    await fence(producer);
    const before = isNew ? nothingSent(replay) : await readProgress(kafka, admin, target, replay);
    const { sentThrough } = before;
    let { position, published } = before;
    for (let notedAt = 0; position < to_position && !signal.aborted; ) {
      if (Date.now() - notedAt >= noteIntervalMs) {
        const now = await noteProgress(db, id, { position, published, isDone: false });
        if (now.state !== 'running' || now.run_by !== replay.run_by) return now;
        if (notedAt > 0) onProgress(now);
        notedAt = Date.now();
      }
      const limit = Math.min(batchSizeMax, to_position - position);
      const page = await store.readLog(position, limit, batchBytesMax);
      const wanted = page.filter((event) => isWanted(replay, event));
      const unsent = wanted.filter((event) => event.position > sentThrough);
      published += wanted.length - unsent.length;
      for (const { messages, last } of inBatches(unsent, logId)) {
        published += messages.length;
        const mark = { offset: last.position, metadata: String(published) };
        const sending = sendMarked(producer, target, messages, mark);
        await within(publishTimeoutMs, 'a batch', signal, sending);
      }
      position = page.at(-1)?.position ?? to_position;
    }
    return await noteProgress(db, id, { position, published, isDone: position >= to_position });
  } finally {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
}

/** The position that was read to, and the one that nothing was sent behind. */
type Progress = { position: number; published: number; sentThrough: number };

function nothingSent({ from_position }: Replay): Progress {
  return { position: from_position - 1, published: 0, sentThrough: 0 };
}

// Brokers forget the mark of one that was left for a week, and may answer an older one: its topic
// says what was sent, and the log is gone through again for how many that were.
async function readProgress(
  kafka: Kafka,
  admin: Admin,
  target: Target,
  replay: Replay,
): Promise<Progress> {
  const mark = await readMark(admin, target);
  const { position: sentThrough } = await readTail(kafka, admin, target.topic);
  if (mark === undefined) return { ...nothingSent(replay), sentThrough };
  return { position: mark.offset, published: Number(mark.metadata), sentThrough };
}

function isWanted({ types, stream }: Replay, event: { type: string; stream: string }): boolean {
  return (
    (types === null || types.includes(event.type)) && (stream === null || event.stream === stream)
  );
}

async function refuseFilled(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) return;
    const offsets = await admin.fetchTopicOffsets(topic);
    if (offsets.every(({ high }) => Number(high) === 0)) return;
  } finally {
    await admin.disconnect();
  }
  const why = `${topic} has messages already: a replay has a topic of its own`;
  throw new ReplayRefused('topic-taken', why);
}
