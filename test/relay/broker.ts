/** A broker of a test's own, which can be stopped and started again where it was. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { askMetadata } from '../../src/embedded/kafka-metadata.ts';
import { embeddedServers } from '../../src/embedded/servers.ts';
import type { Test } from '../db.ts';
import { until } from './relaying.ts';

/** Where the test run has put Kafka's jars. */
export const kafkaLibs = '.frontlog-test/kafka/libs';

/**
 * A broker as Kafka is set by itself: it makes every topic that a client asks for, unless that
 * client asks it not to.
 */
export async function obligingBroker(t: Test, dataDir: string): Promise<string> {
  const first = await ownBroker(dataDir);
  await first.stop();
  const file = join(dataDir, 'kafka', 'server.properties');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('topics.enable=false', 'topics.enable=true'));
  const classPath = resolve(kafkaLibs, '*');
  const broker = spawn('java', ['-Xmx512m', '-cp', classPath, 'kafka.Kafka', file], {
    cwd: join(dataDir, 'kafka'),
    stdio: 'ignore',
  });
  const ended = once(broker, 'exit');
  t.teardown(async () => {
    broker.kill('SIGKILL');
    await ended;
  });
  const [host = '', port] = first.brokers.split(':');
  await until(
    () =>
      askMetadata(host, Number(port)).then(
        () => true,
        () => false,
      ),
    () => 'no answer',
  );
  return first.brokers;
}

export type OwnBroker = { readonly brokers: string; stop(): Promise<void> };

export async function ownBroker(dataDir: string): Promise<OwnBroker> {
  const servers = await embeddedServers({
    dataDir,
    postgres: false,
    kafka: true,
    kafkaLibs,
    onProgress: () => undefined,
    onExit: () => undefined,
  });
  const found = await servers.kafka;
  if (found === undefined || 'unavailable' in found) throw new Error(found?.unavailable);
  return { brokers: found.brokers, stop: servers.stop };
}
