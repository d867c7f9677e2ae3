/** What the relay leaves in Kafka: batches, each with the checkpoint in its transaction. */
import type { Admin, Message, Producer } from 'kafkajs';
import type { RelayParts } from './relay.ts';
import { readTail } from './tail.ts';
import { namesOf } from './topics.ts';
import { type Mark, readMark, sendMarked } from './transaction.ts';

/** The last event on the topic; position 0, and no event, if there is none. */
export type Checkpoint = { readonly position: number; readonly eventId: string };
type Found = Checkpoint & { readonly logId: string | undefined };

/** The topic and the log are not of one history; the message names the command that mends it. */
export class RelayRefused extends Error {}

/** Sends `messages` and the checkpoint as one transaction. */
export async function publish(
  producer: Producer,
  { prefix, logId }: Pick<RelayParts, 'prefix' | 'logId'>,
  messages: Message[],
  { position, eventId }: Checkpoint,
): Promise<void> {
  const { eventsTopic: topic, relayGroup: group } = namesOf(prefix);
  const mark = { offset: position, metadata: `${logId}/${eventId}` };
  await sendMarked(producer, { topic, group }, messages, mark);
}

type Reading = Pick<RelayParts, 'kafka' | 'store' | 'prefix' | 'logId' | 'logger'>;

/**
 * Where the topic ends; throws `RelayRefused` if that is no place in this log. The mark alone is
 * not taken for it: a broker may answer an older one, and all since would be sent a second time.
 */
export async function readCheckpoint(admin: Admin, parts: Reading): Promise<Checkpoint> {
  const { eventsTopic: topic, relayGroup: group } = namesOf(parts.prefix);
  // In this order: where a relay is at work meanwhile, its mark is not behind the tail of before.
  const tail = await readTail(parts.kafka, admin, topic);
  const mark = await readMark(admin, { topic, group });
  const isBehind = mark !== undefined && mark.offset < tail.position;
  if (isBehind) {
    const figures = { topic, checkpoint: mark.offset, position: tail.position };
    parts.logger.warn(figures, 'the checkpoint is behind its topic: the topic is believed');
  }
  const found = mark === undefined || isBehind ? tail : foundBy(mark);
  await checkHistory(found, parts, topic);
  return { position: found.position, eventId: found.eventId };
}

/**
 * Throws `RelayRefused` if the topic is not of this log's history: for who publishes beside the
 * relay. The mark is believed where there is one, as the end of a topic that is written to without
 * a pause is never come to.
 */
export async function refuseAnotherHistory(admin: Admin, parts: Reading): Promise<void> {
  const { eventsTopic: topic, relayGroup: group } = namesOf(parts.prefix);
  const mark = await readMark(admin, { topic, group });
  const found = mark === undefined ? await readTail(parts.kafka, admin, topic) : foundBy(mark);
  await checkHistory(found, parts, topic);
}

function foundBy({ offset, metadata = '' }: Mark): Found {
  const [logId, eventId = ''] = metadata.split('/');
  return { position: offset, logId, eventId };
}

// That the log is long enough is not enough: one that was restored from an older backup has grown
// since, and has other events in the places of those on the topic.
async function checkHistory(found: Found, parts: Reading, topic: string): Promise<void> {
  const { position, eventId, logId } = found;
  if (position === 0 && logId === undefined) return;
  const anew =
    '`npx frontlog topics recreate --yes` deletes the topic and relays the whole log anew';
  if (logId !== parts.logId) {
    throw new RelayRefused(
      `${topic} was filled from another log (${logId}), not ${parts.logId}: set another ` +
        `KAFKA_PREFIX, or ${anew}`,
    );
  }
  if (position === 0) return;
  const [event] = await parts.store.readLog(position - 1, 1, 1);
  if (event !== undefined && (event.id === eventId || eventId === '')) return;
  const what = event === undefined ? 'the log ends before it' : 'the log has another event there';
  throw new RelayRefused(
    `${topic} has come to position ${position}, and ${what}: was it restored from an older ` +
      `backup? Restore a later one, or ${anew}`,
  );
}
