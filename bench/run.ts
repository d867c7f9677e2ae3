/** `npm run bench -- NAME`: one measurement, on an embedded PostgreSQL of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDb } from '../src/db.ts';
import { embeddedServers } from '../src/embedded/servers.ts';
import { benchEventStore } from './eventstore.ts';

const benches: Record<string, typeof benchEventStore> = { eventstore: benchEventStore };

const name = process.argv[2] ?? 'eventstore';
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`no bench ${name}; there is ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const dataDir = await mkdtemp(join(tmpdir(), 'frontlog-bench-'));
const say = (message: string) => process.stderr.write(`# ${message}\n`);
const servers = await embeddedServers({
  dataDir,
  postgres: true,
  kafka: false,
  onProgress: say,
  onExit: (server, detail) => say(`${server} ended: ${detail}`),
});
try {
  const db = openDb((await servers.postgres) as string, (error) => say(error.message));
  const figures = await bench(db);
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  await db.destroy();
} finally {
  await servers.stop();
  await rm(dataDir, { recursive: true, force: true });
}
