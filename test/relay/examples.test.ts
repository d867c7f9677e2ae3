/** The consumers of examples/, stopped and started again, and given a gap. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { kafkaClient } from '../../src/relay/client.ts';
import { Partitioners } from '../../src/relay/kafkajs.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { brokers } from '../service.ts';
import { hasCompiler } from './kafka-tools.ts';
import { fill, freshLog, type Log, quiet, relayedTo, startRelay } from './relaying.ts';
import { withoutKafka } from './topic.ts';

const examples = join(import.meta.dirname, '../../examples');
const consumeTimeoutMs = 40_000;
const hasPythonClient = spawnSync('python3', ['-c', 'import confluent_kafka']).status === 0;

type Example = { name: string; command: readonly string[]; skip: string | false };
const all: readonly Example[] = [
  {
    name: 'TypeScript',
    command: [process.execPath, join(examples, 'typescript/consumer.ts')],
    skip: false,
  },
  {
    name: 'Java',
    command: ['java', '-cp', '.frontlog-test/kafka/libs/*', join(examples, 'java/Consumer.java')],
    skip: hasCompiler ? false : 'the Java example needs a compiler',
  },
  {
    name: 'Python',
    command: ['python3', join(examples, 'python/consumer.py')],
    skip: hasPythonClient ? false : 'the Python example needs the package confluent-kafka',
  },
];

for (const { name, command, skip: lacks } of all) {
  const skip = withoutKafka || lacks;
  // Seen to fail with the file of its place not read.
  t.test(`${name}: each event once, through a stop in the middle`, { skip }, async (t) => {
    const log = await freshLog(t);
    const head = await fill(log, 60);
    const relay = await startRelay(t, log);
    await relayedTo(relay, head);
    const state = join(t.testdir(), 'state');
    const first = await consume(command, log, { STATE: state, STOP_AFTER: '20' });
    t.ok(first.positions.length >= 20 && first.positions.length <= head);
    const more = await fill(log, 20);
    const second = await consume(command, log, { STATE: state, STOP_AFTER: `${more}` });
    const positions = [...first.positions, ...second.positions].toSorted((a, b) => a - b);
    t.strictSame(
      positions,
      Array.from({ length: more }, (_, i) => i + 1),
    );
  });

  t.test(`${name}: drops what it has seen, and tells a gap`, { skip }, async (t) => {
    const log = await freshLog(t);
    await send(log, [1, 2, 2, 1, 3, 5]);
    const state = join(t.testdir(), 'state');
    const answer = await consume(command, log, { STATE: state, GAP_AFTER_MS: '1000' });
    t.strictSame(answer.positions, [1, 2, 3, 5]);
    t.match(answer.said, /gap: (position )?4 did not come/);
    t.not(answer.code, 0);
  });
}

/** Runs a consumer to its end; what it printed are positions. */
async function consume(command: readonly string[], { prefix }: Log, more: NodeJS.ProcessEnv) {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    env: {
      ...{ ...process.env, BROKERS: brokers, GROUP: prefix, ...more },
      TOPIC: namesOf(prefix).eventsTopic,
    },
    timeout: consumeTimeoutMs,
  });
  let out = '';
  let said = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  const positions = out.match(/^\d+/gm)?.map(Number) ?? [];
  return { positions, said, code };
}

/** Sends bare events of these positions, all to one partition. */
async function send({ prefix }: Log, positions: readonly number[]): Promise<void> {
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = kafkaClient({ brokers: [brokers as string] }, quiet).producer({
    createPartitioner,
  });
  await producer.connect();
  const messages = positions.map((position) => ({
    ...{ key: 'k', value: '{}' },
    headers: { ce_position: `${position}`, ce_type: 'frontlog.tested.v1' },
  }));
  await producer.send({ topic: namesOf(prefix).eventsTopic, messages });
  await producer.disconnect();
}
