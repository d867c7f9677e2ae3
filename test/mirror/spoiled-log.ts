/** A topic on which not all can be taken, and the mirror that reads it. */
import fc from 'fast-check';
import type { Message } from 'kafkajs';
import { readHead, readLogId } from '../../src/db.ts';
import type { RecordedEvent } from '../../src/eventstore/event-store.ts';
import { toMessage } from '../../src/relay/message.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { append } from '../eventstore/events.ts';
import { someLog } from '../projections/histories.ts';
import { freshLog, quiet, until } from '../relay/relaying.ts';
import { freshMirror, kafkaOf, openProducer, startMirror } from './mirroring.ts';

/** A log of ten events and its topic, on which `spoil` changes the messages. */
export async function spoiledLog(
  t: Parameters<typeof freshLog>[0],
  spoil: (messages: Message[]) => Message[],
) {
  const log = await freshLog(t);
  const [history] = fc.sample(someLog, { numRuns: 1, seed: 11 }) as [RecordedEvent[]];
  for (const { stream, position: _, version: _v, recorded_at: _r, ...event } of history.slice(
    0,
    10,
  )) {
    await log.store.append(append(stream, [event]));
  }
  const logId = await readLogId(log.db);
  const events = await log.store.readLog(0, 100, 1e9);
  const good = events.map((event) => toMessage(event, logId));
  const producer = openProducer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  const topic = namesOf(log.prefix).eventsTopic;
  const send = (messages: Message[]) => producer.send({ topic, messages });
  await send(spoil(structuredClone(good)));
  const mirror = await freshMirror(t);
  const { state } = startMirror(t, { db: mirror.db, prefix: log.prefix });
  const reaches = (head: number) =>
    until(
      async () => (await readHead(mirror.db)) >= head,
      () => state,
    );
  const parts = { kafka: kafkaOf(), db: mirror.db, prefix: log.prefix, logger: quiet };
  return { log, mirror, good, send, reaches, parts };
}
