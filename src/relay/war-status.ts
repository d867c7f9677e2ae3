/**
 * The latest war status of each conflict on a compacted topic: what a reader that wants only "now"
 * reads. One process publishes, after the view has moved and at most once per `coalesceMs`, in
 * order per key; what is not noted when it dies is published again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Producer } from 'kafkajs';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { batchBytesMax, batchSizeMax } from './batches.ts';
import { refuseAnotherHistory } from './checkpoint.ts';
import { stopGraceMs, within } from './deadline.ts';
import { takeLock } from './lock.ts';
import { messageBytes } from './message.ts';
import { reasonOf } from './reason.ts';
import { noteRefusal } from './refusal.ts';
import type { RelayParts } from './relay.ts';
import { pinPartitions, showFault } from './shown.ts';
import { digestOf, toStatusMessage } from './status-message.ts';
import { namesOf, repartitioned } from './topics.ts';
import { fence, readMark, sendMarked, transactionalProducer } from './transaction.ts';

const coalesceMs = 1_000;
const backOffMs = 2_000;
const takeOverTimeoutMs = 90_000;
const publishTimeoutMs = 30_000;
// This publisher's name among advisory locks.
export const warStatusLockKey = 7_205_882;
/** Where the view has moved further, looking at every conflict is less than reading the log. */
const readEventsMax = 10_000;

/** The view as of one position. */
export type StatusView = {
  readonly position: number;
  readonly known_at: string | null;
  conflicts(): Promise<readonly string[]>;
  /** The body of its GET; undefined where there is no such conflict yet. */
  find(conflictId: string): Promise<object | undefined>;
};
export type WarStatusParts = Omit<RelayParts, 'makesTopics' | 'recommitIntervalMs'> & {
  readView: () => Promise<StatusView>;
};

/** Publishes until `signal`. Kafka, PostgreSQL or the topic away: waits and resumes. */
export async function runWarStatus(parts: WarStatusParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await publishOnce(parts, signal);
    } catch (error) {
      if (signal.aborted) return;
      parts.state.state = 'waiting';
      parts.state.lastError = reasonOf(error);
      parts.logger.warn({ err: error }, 'the war status waits');
      await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function publishOnce(parts: WarStatusParts, signal: AbortSignal): Promise<void> {
  const { kafka, prefix, wakeup, state } = parts;
  const topic = namesOf(prefix).warStatusTopic;
  const lock = await takeLock({ ...parts, topic, lockKey: warStatusLockKey }, signal);
  if (lock === undefined) return;
  const target = { topic, group: namesOf(prefix).warStatusGroup };
  const producer = transactionalProducer(kafka, target.group, publishTimeoutMs);
  const admin = kafka.admin();
  try {
    const taking = async () => {
      await Promise.all([admin.connect(), producer.connect()]);
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = topics[0]?.partitions.length ?? 1;
      const pinned = await pinPartitions(lock.client, topic, count);
      if (count !== pinned) throw repartitioned(topic, count, pinned);
      await fence(producer);
      // What the relay would refuse is not for this topic either: it is of what never was.
      await refuseAnotherHistory(admin, parts);
      return readMark(admin, target);
    };
    const mark = await within(takeOverTimeoutMs, 'taking over', signal, taking());
    state.position = mark?.metadata === parts.logId ? mark.offset : 0;
    state.state = 'active';
    delete state.lastError;
    await showFault(lock.client, topic, null);
    // By conflict, a digest of what was sent last: few events of a war change its status.
    const sent = new Map<string, string>();
    // The first time all: the view may be another than the one that was published.
    let isFirst = true;
    while (!signal.aborted && !lock.lost) {
      const { hints } = wakeup;
      const view = await parts.readView();
      if (view.position <= state.position && !isFirst) {
        await wakeup.next(hints, signal);
        continue;
      }
      const changed = isFirst ? await view.conflicts() : await changedIn(parts, view);
      const messages = await messagesOf(view, changed, sent, parts);
      await publish(parts, producer, view, messages, signal);
      state.position = view.position;
      isFirst = false;
      await sleep(coalesceMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    await noteRefusal(lock.client, topic, error);
    throw error;
  } finally {
    const closing = [producer.disconnect(), admin.disconnect(), lock.release()];
    await Promise.race([Promise.allSettled(closing), sleep(stopGraceMs)]);
  }
}

/** The conflicts whose status may be another than as of `state.position`. */
async function changedIn({ store, state }: WarStatusParts, view: StatusView) {
  if (view.position - state.position > readEventsMax) return view.conflicts();
  const changed = new Set<string>();
  for (let after = state.position; after < view.position; ) {
    const events = await store.readLog(after, view.position - after, batchBytesMax);
    for (const { data } of events as readonly RecordedEvent[]) {
      const { conflict_id } = data as { conflict_id?: string };
      // What is of no conflict, as whom an actor is part of, may be of consequence in any.
      if (conflict_id === undefined) return view.conflicts();
      changed.add(conflict_id);
    }
    after = events.at(-1)?.position ?? view.position;
  }
  return [...changed];
}

async function messagesOf(
  view: StatusView,
  conflictIds: readonly string[],
  sent: Map<string, string>,
  { logId, logger }: WarStatusParts,
): Promise<Message[]> {
  const messages: Message[] = [];
  for (const id of conflictIds) {
    const status = await view.find(id);
    if (status === undefined) continue;
    const digest = digestOf(status);
    if (sent.get(id) === digest) continue;
    sent.set(id, digest);
    const message = toStatusMessage(id, status, view, logId);
    if (messageBytes(message) <= batchBytesMax) messages.push(message);
    else logger.error({ conflict_id: id }, 'a war status is too large for the topic');
  }
  return messages;
}

async function publish(
  { prefix, logId }: WarStatusParts,
  producer: Producer,
  { position }: StatusView,
  messages: readonly Message[],
  signal: AbortSignal,
): Promise<void> {
  const target = { topic: namesOf(prefix).warStatusTopic, group: namesOf(prefix).warStatusGroup };
  let from = 0;
  do {
    let bytes = 0;
    let to = from;
    for (; to < messages.length && to - from < batchSizeMax; to += 1) {
      bytes += messageBytes(messages[to] as Message);
      if (bytes > batchBytesMax) break;
    }
    const part = messages.slice(from, to);
    // The mark moves with the last part: whoever goes on in between publishes them all again.
    const mark = to === messages.length ? position : 0;
    const sending = sendMarked(producer, target, part, { offset: mark, metadata: logId });
    await within(publishTimeoutMs, 'publishing', signal, sending);
    from = to;
  } while (from < messages.length);
}
