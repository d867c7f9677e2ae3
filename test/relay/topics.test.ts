/** Topics and histories that do not fit: refused with the command that mends them. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import t from 'tap';
import { connectOnce } from '../../src/db.ts';
import { initTopics, kafkaClient } from '../../src/relay/client.ts';
import { ConfigResourceTypes } from '../../src/relay/kafkajs.ts';
import { recreateTopics } from '../../src/relay/recreate.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { freshStore, openStore, type Test } from '../db.ts';
import { append, event } from '../eventstore/events.ts';
import { brokers } from '../service.ts';
import {
  fill,
  freshLog,
  type Log,
  quiet,
  type Relaying,
  relayedTo,
  startRelay,
  until,
} from './relaying.ts';
import { faultsOf, readTopic, withoutKafka } from './topic.ts';

const skip = withoutKafka;

async function openAdmin(t: Test): Promise<Admin> {
  const admin = kafkaClient({ brokers: [brokers as string] }, quiet).admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  return admin;
}

/** Resolves when the relay has said what stands in its way. */
async function refusal({ state }: Relaying): Promise<string> {
  await until(
    () => state.lastError !== undefined,
    () => state,
  );
  return state.lastError as string;
}

/** Sets one setting of a topic, leaves the others, and waits until it is so. */
async function setConfig(admin: Admin, topic: string, name: string, value: string) {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  const own = (await readConfigs(admin, topic)).filter(({ configSource }) => configSource === 1);
  const others = own.filter(({ configName }) => configName !== name);
  const kept = others.map(({ configName, configValue }) => ({
    name: configName,
    value: configValue,
  }));
  const resources = [{ ...resource, configEntries: [...kept, { name, value }] }];
  await admin.alterConfigs({ validateOnly: false, resources });
  await until(
    async () => (await readConfig(admin, topic, name)) === value,
    () => name,
  );
}

async function readConfigs(admin: Admin, topic: string) {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  const asked = { includeSynonyms: false, resources: [resource] };
  return (await admin.describeConfigs(asked)).resources[0]?.configEntries ?? [];
}

async function readConfig(admin: Admin, topic: string, name: string) {
  const entries = await readConfigs(admin, topic);
  return entries.find(({ configName }) => configName === name)?.configValue;
}

t.test('a missing topic: says so, and goes on once it is there', { skip }, async (t) => {
  const log = { ...(await freshStore(t)), prefix: `t-missing-${Date.now()}` };
  const head = await fill(log, 10);
  const relay = await startRelay(t, log);
  t.match(await refusal(relay), /events\.v1 is missing: run `npx frontlog topics init`/);
  t.strictSame(await initTopics({ brokers: [brokers as string] }, log.prefix, quiet), [
    `created ${log.prefix}.events.v1`,
    `created ${log.prefix}.war-status.v1`,
    `created ${log.prefix}.dlq.v1`,
  ]);
  await relayedTo(relay, head);
  t.equal(relay.state.lastError, undefined);
});

// Seen to fail with `pin` answering what it was told.
t.test('more partitions than at first: refused until it is made anew', { skip }, async (t) => {
  const log = await freshLog(t);
  const head = await fill(log, 30);
  const first = await startRelay(t, log);
  await relayedTo(first, head);
  await first.stop();
  const { eventsTopic } = namesOf(log.prefix);
  const admin = await openAdmin(t);
  await admin.createPartitions({ topicPartitions: [{ topic: eventsTopic, count: 7 }] });
  const second = await startRelay(t, log);
  t.match(await refusal(second), /has 7 partitions, not 6.*`npx frontlog topics recreate --yes`/);
  const kafka = kafkaClient({ brokers: [brokers as string] }, quiet);
  await recreateTopics({ kafka, prefix: log.prefix, connect: () => connectOnce(log.url) });
  await relayedTo(second, head);
  t.same(faultsOf(await readTopic(log.prefix), head), []);
});

t.test('another count from the start is as good', { skip }, async (t) => {
  const log = { ...(await freshStore(t)), prefix: `t-three-${Date.now()}` };
  await initTopics({ brokers: [brokers as string] }, log.prefix, quiet, 3);
  const head = await fill(log, 30);
  await relayedTo(await startRelay(t, log), head);
  const partitions = new Set((await readTopic(log.prefix)).map(({ partition }) => partition));
  t.strictSame([...partitions].sort(), [0, 1, 2]);
});

for (const [name, value] of [
  ['cleanup.policy', 'compact'],
  ['max.message.bytes', '1048588'],
  ['retention.ms', '604800000'],
] as const) {
  // Seen to fail with the settings not looked at.
  t.test(`${name} is ${value}: refused until it is set right`, { skip }, async (t) => {
    const log = await freshLog(t);
    const admin = await openAdmin(t);
    await setConfig(admin, namesOf(log.prefix).eventsTopic, name, value);
    const relay = await startRelay(t, log);
    t.match(await refusal(relay), new RegExp(`${name}.* is ${value}.*topics init`));
    const [done] = await initTopics({ brokers: [brokers as string] }, log.prefix, quiet);
    t.match(done, new RegExp(`^set .*${name}`));
    await relayedTo(relay, await fill(log, 10));
  });
}

t.test('a setting of the operator survives the mending of another', { skip }, async (t) => {
  const { prefix } = await freshLog(t);
  const admin = await openAdmin(t);
  const { warStatusTopic } = namesOf(prefix);
  await setConfig(admin, warStatusTopic, 'segment.ms', '3600000');
  await setConfig(admin, warStatusTopic, 'cleanup.policy', 'delete');
  await initTopics({ brokers: [brokers as string] }, prefix, quiet);
  await until(
    async () => (await readConfig(admin, warStatusTopic, 'cleanup.policy')) === 'compact',
    () => warStatusTopic,
  );
  t.equal(await readConfig(admin, warStatusTopic, 'segment.ms'), '3600000');
});

for (const checkpoint of ['kept', 'forgotten']) {
  // Seen to fail with the log's identity not compared.
  t.test(`a topic of another log, its checkpoint ${checkpoint}: refused`, { skip }, async (t) => {
    const log = await freshLog(t);
    const first = await startRelay(t, log);
    await relayedTo(first, await fill(log, 20));
    await first.stop();
    if (checkpoint === 'forgotten') await forgetCheckpoint(t, log);
    const other = { ...(await freshStore(t)), prefix: log.prefix };
    // The databases of the tests are clones.
    await other.pool.query('update log_identity set log_id = gen_random_uuid()');
    await fill(other, 40);
    t.match(await refusal(await startRelay(t, other)), /from another log .*topics recreate --yes/);
  });
}

// The events from position 16 on are others than those that were relayed. Seen to fail with the
// positions compared alone.
for (const restored of [15, 40]) {
  t.test(`a log of ${restored} restored from before: refused`, { skip }, async (t) => {
    const log = await freshLog(t);
    const first = await startRelay(t, log);
    await relayedTo(first, await fill(log, 20));
    await first.stop();
    await log.pool.query(`alter table events disable trigger user;
      delete from events where position > 15; alter table events enable trigger user`);
    const store = openStore(t, log);
    for (let i = 15; i < restored; i += 1) await store.append(append(`new-${i}`, [event()]));
    const relay = await startRelay(t, { ...log, store });
    t.match(await refusal(relay), /position 20, and .*older backup.*topics recreate --yes/);
  });
}

// Brokers forget the checkpoints of a group without members. Seen to fail without the committing
// again.
t.test('an idle relay commits its checkpoint again', { skip }, async (t) => {
  const log = await freshLog(t);
  const relay = await startRelay(t, log, { recommitIntervalMs: 500 });
  const head = await fill(log, 20);
  await relayedTo(relay, head);
  await forgetCheckpoint(t, log);
  const admin = await openAdmin(t);
  const { relayGroup, eventsTopic } = namesOf(log.prefix);
  const offset = async () => {
    const [found] = await admin.fetchOffsets({ groupId: relayGroup, topics: [eventsTopic] });
    return found?.partitions.find(({ partition }) => partition === 0)?.offset;
  };
  await until(async () => (await offset()) === String(head), offset);
});

// Seen to fail with `batchBytesMax` ten times as much: the broker refuses the batch for good.
t.test('events as large as they may be are parted into batches', { skip }, async (t) => {
  const log = await freshLog(t);
  const head = await fill(log, 30, { streams: 1, bytes: 500_000 });
  await relayedTo(await startRelay(t, log), head);
  t.same(faultsOf(await readTopic(log.prefix), head), []);
});

async function forgetCheckpoint(t: Test, { prefix }: Pick<Log, 'prefix'>): Promise<void> {
  const admin = await openAdmin(t);
  await sleep(100);
  await admin.deleteGroups([namesOf(prefix).relayGroup]);
}
