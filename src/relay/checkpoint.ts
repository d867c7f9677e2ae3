/** What the relay leaves in Kafka: batches, each with the checkpoint in its transaction. */
import { type Admin, CompressionTypes, type Message, type Producer } from 'kafkajs';
import type { RelayParts } from './relay.ts';
import { readTail } from './tail.ts';
import { namesOf } from './topics.ts';

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
  const { eventsTopic, relayGroup } = namesOf(prefix);
  const transaction = await producer.transaction();
  try {
    if (messages.length > 0) {
      await transaction.send({
        topic: eventsTopic,
        acks: -1,
        compression: CompressionTypes.None,
        messages,
      });
    }
    const metadata = `${logId}/${eventId}`;
    const checkpoint = { partition: 0, offset: String(position), metadata };
    await transaction.sendOffsets({
      consumerGroupId: relayGroup,
      topics: [{ topic: eventsTopic, partitions: [checkpoint] }],
    });
    await transaction.commit();
  } catch (error) {
    // The broker aborts it anyway at the next fence; the first error is the one to report.
    await transaction.abort().catch(() => undefined);
    throw error;
  }
}

/**
 * Fences every older producer. connect() initialises only a plain producer id; the first
 * transaction takes the transactional one. Only after it may the checkpoint be read.
 */
export async function fence(producer: Producer): Promise<void> {
  const transaction = await producer.transaction();
  await transaction.abort();
}

/** Where the topic ends; throws `RelayRefused` if that is no place in this log. */
export async function readCheckpoint(admin: Admin, parts: RelayParts): Promise<Checkpoint> {
  const { eventsTopic, relayGroup } = namesOf(parts.prefix);
  const [answer] = await admin.fetchOffsets({ groupId: relayGroup, topics: [eventsTopic] });
  // kafkajs leaves the metadata out of its types' promises, not out of its answer.
  const committed = answer?.partitions.find(({ partition }) => partition === 0) as
    | { offset: string; metadata?: string | null }
    | undefined;
  const found =
    committed === undefined || committed.offset === '-1'
      ? await readTail(parts.kafka, admin, eventsTopic)
      : fromOffset(committed);
  await checkHistory(found, parts, eventsTopic);
  return { position: found.position, eventId: found.eventId };
}

function fromOffset({ offset, metadata }: { offset: string; metadata?: string | null }): Found {
  const [logId, eventId = ''] = (metadata ?? '').split('/');
  return { position: Number(offset), logId, eventId };
}

// That the log is long enough is not enough: one that was restored from an older backup has grown
// since, and has other events in the places of those on the topic.
async function checkHistory(found: Found, parts: RelayParts, topic: string): Promise<void> {
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
