/**
 * kill -9 under load, of the process that appends and of PostgreSQL: what was acknowledged is stored,
 * where it was said to be, and positions and versions have no gap. `npm run test:faults` kills more.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import t from 'tap';
import { v7 as uuidv7 } from 'uuid';
import { type Db, migrate, openDb, openPool } from '../../src/db.ts';
import { postgresEventStore } from '../../src/eventstore/postgres.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { freshStore } from '../db.ts';
import { ownPostgres } from '../postgres.ts';
import { append, event } from './events.ts';

const kills = process.env.FAULTS === 'full' ? 20 : 4;
const writers = 16;

const randomly = () => sleep(150 + Math.random() * 350);

/** What is wrong with the log, given the acknowledged positions by event id; empty if nothing is. */
async function faultsOf(db: Db, acknowledged: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await db
    .selectFrom('events')
    .select(['position', 'id', 'stream', 'version'])
    .orderBy('position')
    .execute();
  const stored = new Map(rows.map(({ id, position }) => [id, position]));
  const versions = new Map<string, number>();
  const faults = rows.flatMap(({ position, stream, version }, i) => {
    const expected = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    return position === i + 1 && version === expected ? [] : [`a gap before ${position}`];
  });
  for (const [id, position] of acknowledged) {
    const found = stored.get(id);
    if (found !== position) faults.push(`${id} was acknowledged at ${position}, is at ${found}`);
  }
  return faults;
}

// Seen to fail with the acknowledgement said before the append is awaited.
t.test(`kill -9 of the appending process, ${kills} times`, async (t) => {
  const { db, url, store } = await freshStore(t);
  const acknowledged = new Map<string, number>();
  let open = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const said = await killedWriter(url);
    for (const [id, position] of said.acknowledged) acknowledged.set(id, position);
    // An append without an answer is sent again: it is there once, whether it had been stored or not.
    for (const [id, stream] of said.open) {
      const result = await store.append(append(stream, [event({ id }, id)], 0));
      if ('position' in result) acknowledged.set(id, result.position);
      open += 1;
    }
    t.strictSame(await faultsOf(db, acknowledged), []);
    t.equal(await store.head(), acknowledged.size, 'each is there once');
  }
  t.comment(`${acknowledged.size} acknowledged, ${open} of them only when sent again`);
});

/** Lets a writer append for a while and kills it; answers what it said. */
async function killedWriter(url: string) {
  const script = new URL('writer.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child.stdout, 'data');
  await randomly();
  child.kill('SIGKILL');
  await once(child, 'close');
  const acknowledged = new Map<string, number>();
  const open = new Map<string, string>();
  // What follows the last line break was cut by the kill.
  for (const line of text.split('\n').slice(0, -1)) {
    const [sign, id, rest] = line.split(' ') as [string, string, string];
    if (sign === '+') open.set(id, rest);
    else if (open.delete(id)) acknowledged.set(id, Number(rest));
  }
  return { acknowledged, open };
}

// Seen to fail with `fsync` off and the data directory put back to an earlier copy.
t.test(`kill -9 of the postmaster, ${kills} times`, async (t) => {
  const dataDir = t.testdir();
  let server = await ownPostgres(dataDir);
  const pool = openPool(server.url, () => undefined);
  let db = openDb(pool);
  await migrate(db);
  // Each connection goes to where the server is now: the store waits the restart out.
  const store = postgresEventStore({
    db,
    pool,
    connect: () => openPipeline(server.url),
    onError: () => undefined,
  });
  const acknowledged = new Map<string, number>();
  let isOver = false;
  const write = async () => {
    while (!isOver) {
      const id = uuidv7();
      const one = append(`s-${id}`, [event({ id }, id)], 0);
      // Refused after five seconds without an answer: the same is sent again, by the same id.
      for (let result = undefined; result === undefined; ) {
        result = await store.append(one).catch(() => undefined);
        if (result && 'position' in result) acknowledged.set(id, result.position);
      }
    }
  };
  const load = Array.from({ length: writers }, write);
  for (let kill = 1; kill <= kills; kill += 1) {
    const before = acknowledged.size;
    while (acknowledged.size < before + 100) await sleep(10);
    await randomly();
    await server.kill();
    await db.destroy();
    await server.stop();
    server = await ownPostgres(dataDir);
    db = openDb(openPool(server.url, () => undefined));
  }
  isOver = true;
  await Promise.all(load);
  t.strictSame(await faultsOf(db, acknowledged), []);
  const { rows } = await sql<{ n: number }>`select count(*) as n from events`.execute(db);
  t.equal(rows[0]?.n, acknowledged.size, 'each is there once');
  t.comment(`${acknowledged.size} acknowledged`);
  await store.close();
  await db.destroy();
  await server.stop();
});
