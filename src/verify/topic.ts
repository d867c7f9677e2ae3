/**
 * Verifies the topic: that a `read_committed` consumer finds on it what the log has, all of it,
 * once, in order, and nothing else. Takes a bit of memory per event to know which are there.
 */
import type { Kafka, KafkaMessage } from 'kafkajs';
import { type EventStore, eventIdPattern, type RecordedEvent } from '../eventstore/event-store.ts';
import { toMessage } from '../relay/message.ts';
import { readTopic } from '../relay/read-topic.ts';
import type { Finding } from './finding.ts';

export type VerifiedTopic = { readonly messages: number; readonly findings: readonly Finding[] };

/**
 * Reads `topic` to its end. `through` is how far the relay has come; what is relayed meanwhile is
 * verified too, but not missed where it is not there yet.
 */
export async function verifyTopic(
  { kafka, store, logId }: { kafka: Kafka; store: EventStore; logId: string },
  topic: string,
  through: number,
  onBatch: (messages: number) => void = () => {},
): Promise<VerifiedTopic> {
  let found: Finding | undefined;
  const find = (position: number | null, detail: string) => {
    found ??= { check: 'topic', position, detail };
  };
  const seen = new Uint8Array(Math.ceil(through / 8));
  const last = new Map<number, number>();
  let count = 0;
  await readTopic(kafka, topic, async (partition, messages) => {
    count += messages.length;
    const ids = messages
      .map(({ headers }) => String(headers?.ce_id))
      .filter((id) => eventIdPattern.test(id));
    const events = new Map((await store.findEvents(ids)).map((event) => [event.id, event]));
    for (const message of messages) {
      const where = `partition ${partition}, offset ${message.offset}`;
      const event = events.get(String(message.headers?.ce_id));
      if (event === undefined) {
        find(null, `${where}: the log has no such event`);
        continue;
      }
      const { position } = event;
      if (!isSame(message, event, logId)) find(position, `${where}: is not as the log has it`);
      if (position <= (last.get(partition) ?? 0)) {
        find(position, `${where}: is there twice, or out of order`);
      }
      last.set(partition, position);
      if (position <= through) seen[(position - 1) >> 3] = bitsWith(seen, position);
    }
    onBatch(count);
  });
  const missing = firstMissing(seen, through);
  if (missing !== undefined) find(missing, 'is not on the topic');
  return { messages: count, findings: found === undefined ? [] : [found] };
}

function isSame({ key, value, headers }: KafkaMessage, event: RecordedEvent, logId: string) {
  const expected = toMessage(event, logId);
  const names = Object.keys(expected.headers ?? {});
  return (
    String(key) === expected.key &&
    String(value) === expected.value &&
    names.every((name) => String(headers?.[name]) === expected.headers?.[name]) &&
    Object.keys(headers ?? {}).length === names.length
  );
}

function bitsWith(seen: Uint8Array, position: number): number {
  return (seen[(position - 1) >> 3] ?? 0) | (1 << ((position - 1) & 7));
}

function firstMissing(seen: Uint8Array, through: number): number | undefined {
  for (let position = 1; position <= through; position += 1) {
    if (bitsWith(seen, position) !== seen[(position - 1) >> 3]) return position;
  }
  return undefined;
}
