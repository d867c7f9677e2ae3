import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import { kafkaClient } from '../../src/relay/client.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { fence, readMark, sendMarked, transactionalProducer } from '../../src/relay/transaction.ts';
import { brokers, get, post, recordSeed, type TestService, testService } from '../service.ts';
import { ownBroker } from './broker.ts';
import { until } from './relaying.ts';
import { faultsOf, readTopic, withoutKafka } from './topic.ts';

const relayTimeoutMs = 30_000;
type Readyz = { head: number; status: string; relay: { position: number; state: string } };

async function relayed(url: string, position: number): Promise<void> {
  const deadline = Date.now() + relayTimeoutMs;
  for (;;) {
    const { body } = await get<Readyz>(`${url}/readyz`);
    if (body.relay.position >= position) return;
    if (Date.now() > deadline) throw new Error(`not relayed: ${JSON.stringify(body)}`);
    await sleep(20);
  }
}

t.test(
  'each event is on the topic once, in order, a CloudEvent',
  { skip: withoutKafka },
  async (t) => {
    const { url, prefix } = await testService(t, { kafka: brokers });
    const position = await recordSeed(url);
    await relayed(url, position);
    const messages = await readTopic(prefix);
    t.same(faultsOf(messages, position), []);
    const { body } = await get<{ items: { id: string; position: number; data: object }[] }>(
      `${url}/v1/events?limit=1000`,
    );
    for (const { id, position, data } of body.items) {
      const message = messages.find(({ headers }) => headers.ce_id === id);
      t.equal(message?.headers.ce_position, String(position));
      t.match(message?.headers, { ce_specversion: '1.0', ce_type: /^frontlog\.[a-z-]+\.v\d$/ });
      t.equal(message?.payload, JSON.stringify(data));
    }
  },
);

t.test(
  'Kafka stopped: appends go on, and nothing is lost after',
  { skip: withoutKafka },
  async (t) => {
    const dataDir = t.testdir();
    const first = await ownBroker(dataDir);
    const { url, prefix } = await testService(t, { kafka: first.brokers });
    await relayed(url, await recordSeed(url));
    await first.stop();
    let last = 0;
    for (let i = 0; i < 20; i += 1) {
      const { status, body } = await post(`${url}/v1/actors`, { kind: 'agency', name: `A${i}` });
      t.equal(status, 201);
      last = body.position as number;
    }
    const second = await ownBroker(dataDir);
    t.teardown(() => second.stop());
    t.equal(second.brokers, first.brokers, 'the broker is where it was');
    await relayed(url, last);
    t.same(faultsOf(await readTopic(prefix, second.brokers), last), []);
  },
);

t.test(
  'a second relay stands by, and takes over where the first ended',
  { skip: withoutKafka },
  async (t) => {
    const first = await testService(t, { kafka: brokers });
    const position = await recordSeed(first.url);
    await relayed(first.url, position);
    const second = await testService(t, { kafka: brokers, like: first });
    let state: string | undefined;
    const standsBy = async () => {
      state = (await get<Readyz>(`${second.url}/readyz`)).body.relay.state;
      return state === 'standby';
    };
    await until(standsBy, () => state);
    await first.service.close();
    const { body } = await post(`${second.url}/v1/actors`, { kind: 'agency', name: 'A' });
    await relayed(second.url, body.position as number);
    t.same(faultsOf(await readTopic(first.prefix), body.position as number), []);
  },
);

// As after a week away, when the brokers have forgotten the group; and as after a restart of the
// broker under load, which was once seen to answer the checkpoint before the last. Seen to fail,
// with every message there twice: with no checkpoint taken for 0, with an old one believed.
for (const [what, spoil] of [
  ['no checkpoint', forgetCheckpoint],
  ['an old checkpoint', setCheckpointBack],
] as const) {
  t.test(`with ${what} the relay goes on from the tail`, { skip: withoutKafka }, async (t) => {
    const first = await testService(t, { kafka: brokers });
    const position = await recordSeed(first.url);
    await relayed(first.url, position);
    await first.service.close();
    await spoil(first);
    const second = await testService(t, { kafka: brokers, like: first });
    const { body } = await post(`${second.url}/v1/actors`, { kind: 'agency', name: 'A' });
    await relayed(second.url, body.position as number);
    t.same(faultsOf(await readTopic(first.prefix), body.position as number), []);
  });
}

async function forgetCheckpoint({ prefix }: TestService): Promise<void> {
  const admin = client().admin();
  await admin.connect();
  await admin.deleteGroups([namesOf(prefix).relayGroup]);
  await admin.disconnect();
}

async function setCheckpointBack({ prefix }: TestService): Promise<void> {
  const { eventsTopic: topic, relayGroup: group } = namesOf(prefix);
  const admin = client().admin();
  const producer = transactionalProducer(client(), group);
  await Promise.all([admin.connect(), producer.connect()]);
  await fence(producer);
  const [logId] = (await readMark(admin, { topic, group }))?.metadata?.split('/') ?? [];
  await sendMarked(producer, { topic, group }, [], { offset: 3, metadata: `${logId}/` });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

function client() {
  return kafkaClient({ brokers: [brokers as string] }, pino({ level: 'silent' }));
}
