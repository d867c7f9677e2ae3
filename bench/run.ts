/**
 * `npm run bench -- NAME [--short]`: one measurement, on embedded servers of its own. Prints
 * tables, and last the same as JSON. `--short` shows that it runs; its figures mean little.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { embeddedServers } from '../src/embedded/servers.ts';
import { benchEventStore } from './eventstore.ts';
import { benchGrowth } from './growth.ts';
import { benchHttp } from './http.ts';
import { benchImport } from './import.ts';
import { benchProjections } from './projections.ts';
import { benchRelay } from './relay.ts';
import { benchWakeup } from './wakeup.ts';

/** Makes a database of that name, or answers with the URL of one made before. */
export type FreshDatabase = (name: string, made?: boolean) => Promise<string>;
export type Bench = (
  fresh: FreshDatabase,
  short: boolean,
  /** Kafka's address, for a bench that is in `withKafka`. */
  brokers: string,
) => Promise<{ text: string; json: unknown }>;

const benches: Record<string, Bench> = {
  eventstore: benchEventStore,
  growth: benchGrowth,
  http: benchHttp,
  import: benchImport,
  projections: benchProjections,
  relay: benchRelay,
  wakeup: benchWakeup,
};
const withKafka = new Set<Bench | undefined>([benchRelay]);

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const bench = benches[positionals[0] ?? ''];
const say = (message: string) => process.stderr.write(`# ${message}\n`);
if (bench === undefined) {
  say(`which bench? There is ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
installPeers();
const kafka = withKafka.has(bench);
const dataDir = await mkdtemp(join(tmpdir(), 'frontlog-bench-'));
const servers = await embeddedServers({
  dataDir,
  postgres: true,
  kafka,
  kafkaLibs: '.frontlog-test/kafka/libs',
  onProgress: say,
  onExit: (server, detail) => say(`${server} ended: ${detail}`),
});
try {
  const server = (await servers.postgres) as string;
  const fresh: FreshDatabase = (name, made) => database(server, name, made);
  const found = await servers.kafka;
  if (found !== undefined && 'unavailable' in found) throw new Error(found.unavailable);
  const { text, json } = await bench(fresh, values.short, found?.brokers ?? '');
  process.stdout.write(`${text}\n${JSON.stringify(json)}\n`);
} finally {
  await servers.stop();
  await rm(dataDir, { recursive: true, force: true });
}
// A peer keeps its connections, and with them the process.
process.exit();

async function database(server: string, name: string, made = false): Promise<string> {
  const url = new URL(server);
  url.pathname = `bench_${name}`;
  if (made) return url.href;
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`create database bench_${name}`);
  await client.end();
  return url.href;
}

function installPeers(): void {
  const folder = import.meta.dirname;
  if (existsSync(join(folder, 'node_modules'))) return;
  say('installing the peers');
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the peers could not be installed');
}
