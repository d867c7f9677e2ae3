/** Clients that are not ours read what the relay wrote, and agree on where it belongs. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { namesOf } from '../../src/relay/topics.ts';
import { rememberingPartitioner } from '../../src/relay/transaction.ts';
import { brokers } from '../service.ts';
import { hasCompiler, java, kafkaTools } from './kafka-tools.ts';
import { fill, freshLog, relayedTo, startRelay } from './relaying.ts';
import { readTopic, withoutKafka } from './topic.ts';

const keyCount = 10_000;

t.test("Java's console consumer reads each event once", { skip: withoutKafka }, async (t) => {
  const log = await freshLog(t);
  const head = await fill(log, 200);
  await relayedTo(await startRelay(t, log), head);
  const output = await java(await kafkaTools(), [
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    ...['--bootstrap-server', brokers as string, '--topic', namesOf(log.prefix).eventsTopic],
    ...['--from-beginning', '--timeout-ms', '5000', '--max-messages', String(head)],
    ...['--isolation-level', 'read_committed'],
    ...['--formatter-property', 'print.headers=true', '--formatter-property', 'print.key=true'],
  ]);
  const lines = output.trim().split('\n');
  t.equal(lines.length, head);
  const seen = lines.map((line) => {
    const [headers = '', key, value] = line.split('\t');
    return { id: /(?:^|,)ce_id:([^,]+)/.exec(headers)?.[1], key, value };
  });
  const byKcat = (await readTopic(log.prefix)).map(({ headers, key, payload }) => ({
    id: headers.ce_id,
    key,
    value: payload,
  }));
  const sorted = (all: { id: string | undefined }[]) =>
    all.toSorted((a, b) => String(a.id).localeCompare(String(b.id)));
  t.strictSame(sorted(seen), sorted(byKcat));
});

// Seen to fail with kafkajs's LegacyPartitioner.
t.test(
  "keys go to the partitions that Java's partitioner gives them",
  { skip: withoutJavaCompiler(t) },
  async (t) => {
    const odd = ['', 'ї', '日本', '😀', 'a'.repeat(1_000), 'claim-é', 'x y', 'conflict:1'];
    const keys = [...odd, ...Array.from({ length: keyCount - odd.length }, () => randomUUID())];
    const file = join(t.testdir(), 'keys');
    await writeFile(file, `${keys.join('\n')}\n`);
    const program = join(import.meta.dirname, 'PartitionOfKey.java');
    const partition = rememberingPartitioner();
    for (const partitions of [6, 50]) {
      const output = await java('.frontlog-test/kafka/libs/*', [program, `${partitions}`, file]);
      const theirs = output.trim().split('\n').map(Number);
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        ...{ partitionId, partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] },
      }));
      const ours = (key: string) =>
        partition({ topic: 'any', partitionMetadata, message: { key, value: null } });
      t.equal(theirs.length, keyCount);
      t.strictSame(theirs, keys.map(ours));
      t.strictSame(theirs, keys.map(ours), 'also where it is remembered');
    }
  },
);

function withoutJavaCompiler(t: { fail(message: string): void }): string | false {
  if (withoutKafka !== false || hasCompiler) return withoutKafka;
  if (process.env.CI === 'true') t.fail('javac is missing');
  return 'javac is missing';
}
