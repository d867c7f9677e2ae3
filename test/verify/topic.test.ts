/** A topic that is not what the log has is told, with the first event concerned. */
import t from 'tap';
import { readLogId } from '../../src/db.ts';
import type { RecordedEvent } from '../../src/eventstore/event-store.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import { toMessage } from '../../src/relay/message.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { verifyTopic } from '../../src/verify/topic.ts';
import { append, event } from '../eventstore/events.ts';
import { freshLog, quiet, startRelay, until } from '../relay/relaying.ts';
import { brokers } from '../service.ts';

const skip = brokers === undefined ? 'there is no Kafka' : false;
const count = 40;

type Changed = Omit<ReturnType<typeof toMessage>, 'headers'> & { headers: Record<string, string> };

t.test('what is on the topic is held to the log', { skip }, async (t) => {
  const log = await freshLog(t);
  const { store, prefix } = log;
  for (let i = 0; i < count; i += 1) {
    await store.append(append(`stream-${i % 7}`, [event({ conflict_id: `c${i % 3}`, i })]));
  }
  const relay = await startRelay(t, log);
  await until(
    () => relay.state.position === count,
    () => relay.state,
  );
  await relay.stop();
  const logId = await readLogId(log.db);
  const kafka = kafkaClient({ brokers: [brokers as string] }, quiet);
  const { eventsTopic } = namesOf(prefix);
  const verify = (through = count) => verifyTopic({ kafka, store, logId }, eventsTopic, through);

  t.strictSame(await verify(), { messages: count, findings: [] });

  await store.append(append('stream-0', [event({ i: count })]));
  t.match((await verify(count + 1)).findings, [{ check: 'topic', position: count + 1 }], 'missing');

  const producer = kafka.producer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  const [last] = (await store.readLog(count, 1, 1)) as [RecordedEvent];
  const send = (message: ReturnType<typeof toMessage>) =>
    producer.send({ topic: eventsTopic, messages: [message] });
  await send(toMessage(last, logId));
  t.strictSame((await verify(count + 1)).findings, [], 'whoever sent it');

  // Each is found before those sent after it: one at a time, on topics that differ in one message.
  await send({ ...toMessage(last, logId), value: '{}' });
  t.match(await verify(count + 1), {
    messages: count + 2,
    findings: [{ position: count + 1, detail: /not as the log has it/ }],
  });
});

for (const [name, change] of [
  ['an event of another log', (m) => ({ ...m, headers: { ...m.headers, ce_logid: 'another' } })],
  ['one flipped bit', (m) => ({ ...m, value: flipped(m.value) })],
  ['another key', (m) => ({ ...m, key: 'elsewhere' })],
  ['a header more', (m) => ({ ...m, headers: { ...m.headers, extra: '1' } })],
  ['a header less', ({ headers: { ce_time: _, ...headers }, ...m }) => ({ ...m, headers })],
] as [string, (message: Changed) => Changed][]) {
  t.test(`${name} is not the log's`, { skip }, async (t) => {
    const { log, send, verify } = await oneRelayed(t);
    const [first] = (await log.store.readLog(0, 1, 1)) as [RecordedEvent];
    await send(change(toMessage(first, await readLogId(log.db)) as Changed));
    t.match((await verify()).findings, [{ check: 'topic', detail: /not as the log has it/ }]);
  });
}

t.test('an event that is there twice', { skip }, async (t) => {
  const { log, send, verify } = await oneRelayed(t);
  const logId = await readLogId(log.db);
  const [first] = (await log.store.readLog(0, 1, 1)) as [RecordedEvent];
  await send(toMessage(first, logId));
  t.match((await verify()).findings, [{ position: 1, detail: /twice, or out of order/ }]);
});

t.test('an event that the log lacks, and no event', { skip }, async (t) => {
  for (const ce_id of ['0195b4c2-0000-7000-8000-000000000001', 'no id']) {
    const { log, send, verify } = await oneRelayed(t);
    const [first] = (await log.store.readLog(0, 1, 1)) as [RecordedEvent];
    const message = toMessage(first, await readLogId(log.db));
    await send({ ...message, headers: { ...message.headers, ce_id } });
    t.match((await verify()).findings, [{ position: null, detail: /no such event/ }], ce_id);
  }
});

t.test('two that are swapped', { skip }, async (t) => {
  const { log, send, verify } = await oneRelayed(t);
  const logId = await readLogId(log.db);
  for (let i = 2; i <= 3; i += 1) {
    await log.store.append(append(`stream-${i}`, [event({ conflict_id: 'c' })]));
  }
  const [second, third] = (await log.store.readLog(1, 2, 1_000)) as [RecordedEvent, RecordedEvent];
  await send(toMessage(third, logId));
  await send(toMessage(second, logId));
  t.match((await verify()).findings, [{ position: 2, detail: /twice, or out of order/ }]);
});

/** With the lowest bit of the last letter another, and still JSON. */
function flipped(value: Changed['value']): string {
  const bytes = Buffer.from(String(value));
  const at = bytes.lastIndexOf('"') - 1;
  bytes[at] = (bytes[at] as number) ^ 1;
  return bytes.toString();
}

async function oneRelayed(t: Parameters<typeof freshLog>[0]) {
  const log = await freshLog(t);
  await log.store.append(append('stream-1', [event({ conflict_id: 'c' })]));
  const relay = await startRelay(t, log);
  await until(
    () => relay.state.position === 1,
    () => relay.state,
  );
  await relay.stop();
  const kafka = kafkaClient({ brokers: [brokers as string] }, quiet);
  const producer = kafka.producer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  const { eventsTopic } = namesOf(log.prefix);
  return {
    log,
    send: (message: ReturnType<typeof toMessage>) =>
      producer.send({ topic: eventsTopic, messages: [message] }),
    verify: async () =>
      verifyTopic({ kafka, store: log.store, logId: await readLogId(log.db) }, eventsTopic, 1),
  };
}
