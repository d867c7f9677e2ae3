import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, runCommand } from './command.ts';
import { checkJava, ensureKafkaLibs } from './kafka-libs.ts';
import { askMetadata } from './kafka-metadata.ts';
import { endProcesses, freePorts, type StopStep } from './processes.ts';
import {
  type Attempt,
  type RunningServer,
  type StartContext,
  seconds,
  startServer,
} from './server-process.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_STEPS: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
const PASSING = /Address already in use/;

// One node is all the replicas there are. `log.dirs` is relative to the working directory, as a
// comma in DATA_DIR would make two of it.
const SETTINGS = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  // After a kill -9 the node is not let in before its former session is over; 9 s by default.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
};
const JVM_FLAGS = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dlog4j2.level=WARN',
];

type Place = { readonly home: string; readonly libs: string };

/**
 * Starts one Kafka node (KRaft) on `DATA_DIR/kafka` and resolves when it answers a metadata
 * request; `at` is its `host:port`. The jars are fetched to `libs` (default: in there) if they are
 * not there. Ends first what a killed keeper left running. Throws with the reason and what to mend.
 */
export async function startKafka(
  context: StartContext,
  libs: string | undefined,
): Promise<RunningServer> {
  const home = join(context.dataDir, 'kafka');
  const place = { home, libs: resolve(home, libs ?? 'libs') };
  const ended = await endProcesses(`kafka.Kafka ${propertiesFile(place)} `, STOP_STEPS);
  if (ended > 0) context.onProgress('Kafka of a killed keeper was still there: ended');
  await checkJava(context.signal);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await ensureKafkaLibs(place.libs, context);
  if (!(await isFormatted(place))) await format(place, context);
  return startServer(
    {
      label: 'Kafka',
      logFile: join(context.dataDir, 'kafka.log'),
      startTimeoutMs: START_TIMEOUT_MS,
      stopSteps: STOP_STEPS,
      passing: PASSING,
      attempt: () => attempt(place),
    },
    context,
  );
}

function propertiesFile(place: Place): string {
  return join(place.home, 'server.properties');
}

async function isFormatted(place: Place): Promise<boolean> {
  return stat(join(place.home, 'data')).then(
    () => true,
    () => false,
  );
}

// Made elsewhere and renamed when complete: a start that was killed leaves nothing half done.
async function format(place: Place, context: StartContext): Promise<void> {
  const started = performance.now();
  await rm(join(place.home, 'data.new'), { recursive: true, force: true });
  await writeProperties(place, 'data.new', 1, 2);
  const args = ['kafka.tools.StorageTool', 'format', '-t', newClusterId()];
  await runCommand(java(place, [...args, '-c', propertiesFile(place)]), context.signal);
  await rename(join(place.home, 'data.new'), join(place.home, 'data'));
  context.onProgress(`Kafka: storage formatted in ${seconds(started)}`);
}

async function attempt(place: Place): Promise<Attempt> {
  const [broker = 0, controller = 0] = await freePorts(2, await lastPorts(place));
  await writeProperties(place, 'data', broker, controller);
  return {
    command: java(place, ['kafka.Kafka', propertiesFile(place)]),
    at: `127.0.0.1:${broker}`,
    answers: () => askMetadata('127.0.0.1', broker),
  };
}

// Where it was is where its clients look for it after a restart.
async function lastPorts(place: Place): Promise<number[]> {
  const text = await readFile(propertiesFile(place), 'utf8').catch(() => '');
  const listeners = /^listeners=.*$/m.exec(text)?.[0] ?? '';
  // A port of one or two digits stands in while the storage is formatted.
  return [...listeners.matchAll(/:(\d{3,5})/g)].map(([, port]) => Number(port));
}

async function writeProperties(
  place: Place,
  data: string,
  broker: number,
  controller: number,
): Promise<void> {
  const settings = {
    ...SETTINGS,
    'log.dirs': data,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(propertiesFile(place), lines.join(''));
}

function java(place: Place, args: readonly string[]): Command {
  const classPath = join(place.libs, '*');
  return {
    file: 'java',
    args: [...JVM_FLAGS, '-cp', classPath, ...args],
    options: { cwd: place.home },
  };
}

// 16 bytes in base64; Kafka refuses one that begins with a hyphen, which the cleared bit rules out.
function newClusterId(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('base64url');
}
