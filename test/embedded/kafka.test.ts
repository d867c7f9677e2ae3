import { spawnSync } from 'node:child_process';
import { Kafka, logLevel } from 'kafkajs';
import { test } from 'tap';
import { findProcesses } from '../../src/embedded/processes.ts';
import { allGone, KAFKA_LIBS, type Owner, startOwner, testDataDir, until } from './owners.ts';

const TOPIC = 'kept';
const missing = ['java', 'mvn'].filter((name) => spawnSync(name, ['-version']).status !== 0);
// In CI they have to be there: a skipped test there would prove nothing.
const withKafka =
  missing.length === 0 || process.env.CI === 'true' ? {} : { skip: `no ${missing.join(', ')}` };

test('a topic outlives stop, kill -9 of the broker and of its keeper', withKafka, async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: false, kafka: true, kafkaLibs: KAFKA_LIBS };
  const first = startOwner(t, options);
  const firstBrokers = await brokersOf(first);
  await publish(firstBrokers);
  await first.stop();
  t.strictSame(await brokersIn(dataDir), [], 'stopped when stop() resolved');

  const second = startOwner(t, options);
  const secondBrokers = await brokersOf(second);
  t.equal(secondBrokers, firstBrokers, 'where its clients look for it, with the same data:');
  t.equal(await messagesIn(secondBrokers), '1');
  t.notMatch(second.reports, [{ progress: /formatted/ }], 'formatted once');
  await publish(secondBrokers);
  for (const pid of await brokersIn(dataDir)) process.kill(pid, 'SIGKILL');
  t.equal(await second.expect('exited'), 'kafka');
  t.match(await second.expect('detail'), /SIGKILL.*kafka\.log[\s\S]*it is started again/);
  await until('Kafka again', () => {
    const told = second.reports.filter(({ progress }) => progress?.startsWith('Kafka ready'));
    return told.length > 1;
  });
  t.equal(await messagesIn(secondBrokers), '2', 'where it was');
  await second.stop();

  const third = startOwner(t, options);
  t.equal(await messagesIn(await brokersOf(third)), '2');
  const orphans = await brokersIn(dataDir);
  for (const pid of await findProcesses(`keeper.ts ${dataDir} `)) process.kill(pid, 'SIGKILL');
  t.equal(await third.expect('exited'), 'kafka');
  t.strictSame(await brokersIn(dataDir), orphans, 'it is still there');

  const fourth = startOwner(t, options);
  t.equal(await messagesIn(await brokersOf(fourth)), '2');
  t.equal((await brokersIn(dataDir)).length, 1);
  t.notMatch(await brokersIn(dataDir), orphans);
  await fourth.stop();
});

test('who wants Kafka later gets it from the same keeper', withKafka, async (t) => {
  const dataDir = await testDataDir(t);
  const postgresOnly = startOwner(t, { dataDir, postgres: true, kafka: false });
  const url = await postgresOnly.expect('postgres');
  const both = startOwner(t, { dataDir, postgres: true, kafka: true, kafkaLibs: KAFKA_LIBS });
  t.equal(await both.expect('postgres'), url);
  await brokersOf(both);
  t.notOk(postgresOnly.reports.some((report) => /Kafka/.test(report.progress ?? '')));
  postgresOnly.process.kill('SIGKILL');
  both.process.kill('SIGKILL');
  await allGone(dataDir);
});

test('an owner that goes while Kafka starts leaves nothing running', withKafka, async (t) => {
  const dataDir = await testDataDir(t);
  const owner = startOwner(t, { dataDir, postgres: false, kafka: true, kafkaLibs: KAFKA_LIBS });
  await owner.expect('attached');
  await owner.stop();
  await allGone(dataDir);
  t.match(await owner.expect('kafka'), { unavailable: /before it was ready/ });
});

async function brokersOf(owner: Owner): Promise<string> {
  const kafka = await owner.expect('kafka');
  if ('brokers' in kafka) return kafka.brokers;
  throw new Error(kafka.unavailable);
}

function brokersIn(dataDir: string): Promise<number[]> {
  return findProcesses(`kafka.Kafka ${dataDir}/kafka/`);
}

async function publish(brokers: string): Promise<void> {
  const admin = clientOf(brokers).admin();
  const producer = clientOf(brokers).producer();
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic: TOPIC }], waitForLeaders: true });
  await producer.send({ topic: TOPIC, acks: -1, messages: [{ value: 'one more' }] });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

async function messagesIn(brokers: string): Promise<string | undefined> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  const [partition] = await admin.fetchTopicOffsets(TOPIC);
  await admin.disconnect();
  return partition?.high;
}

function clientOf(brokers: string): Kafka {
  return new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
}
