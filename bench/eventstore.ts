/** The event store beside its peers, plain INSERT and COPY: one run, one PostgreSQL. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openPool } from '../src/db.ts';
import { batchSizeMax } from '../src/eventstore/append-queue.ts';
import type { EventStore } from '../src/eventstore/event-store.ts';
import { closedLoop, inTurn, round, table } from './measure.ts';
import { castore, emmett, messageDb } from './peers.ts';
import type { Bench, FreshDatabase } from './run.ts';
import { type Contender, copy, frontlog, newEvent, plainInsert } from './stores.ts';

const callerCounts = [1, 16, 64, 512];
const callersCompared = 64;
const bulkCopyRows = 50_000;
const importAppends = 16;
const importEvents = 100;
const readPageSize = 2_000;
const columns = 'position, id, stream, version, type, schema_version, recorded_at, data, metadata';

/** What the store is to reach, as ratios. */
const targets = {
  'over emmett, 64 callers': { least: 10 },
  'over message-db, 64 callers': { least: 8 },
  'over castore, 64 callers': { least: 2.5 },
  'over COPY, 64 callers': { least: 0.55 },
  'time of a lone append over a bare insert': { most: 1.3 },
  'bulk import over COPY': { least: 0.7 },
  'reading over a bare paged select': { least: 0.9 },
  'events lost by a live reader': { most: 0 },
} as const;

export const benchEventStore: Bench = async (fresh, short) => {
  const ms = short ? 500 : 3_000;
  const ours = await frontlog(await fresh('frontlog'));
  const contenders: Record<string, Contender> = {
    frontlog: ours,
    'plain insert': await plainInsert(await fresh('plain')),
    castore: await castore(await fresh('castore')),
    'message-db': await messageDb(await fresh('message_db')),
    emmett: await emmett(await fresh('emmett')),
  };
  for (const { append } of Object.values(contenders)) {
    await closedLoop(append, { callers: 16, ms: ms / 3 });
  }
  const lost: Record<string, number | undefined> = {};
  for (const [name, contender] of Object.entries(contenders)) {
    lost[name] = await lostByReader(contender, ms);
  }
  const rows = [];
  const at64 = new Map<string, number>();
  for (const callers of callerCounts) {
    for (const [name, { append }] of Object.entries(contenders)) {
      const figure = await closedLoop(append, { callers, ms });
      if (callers === callersCompared) at64.set(name, figure.per_s);
      rows.push({ callers, store: name, ...figure, 'lost by a live reader': lost[name] ?? 'none' });
    }
  }
  const pairs = await compare(ours, fresh, short);
  for (const { close } of Object.values(contenders)) await close();
  const over = (name: string) => (at64.get('frontlog') as number) / (at64.get(name) as number);
  const ratios: Record<string, number> = {
    'over emmett, 64 callers': round(over('emmett'), 1),
    'over message-db, 64 callers': round(over('message-db'), 1),
    'over castore, 64 callers': round(over('castore'), 1),
    ...pairs,
    'events lost by a live reader': lost.frontlog ?? -1,
  };
  const verdicts = Object.entries(targets).map(([name, target]) => ({
    ratio: name,
    measured: ratios[name],
    target: 'least' in target ? `at least ${target.least}` : `at most ${target.most}`,
  }));
  return { text: `${table(rows)}\n${table(verdicts)}`, json: { figures: rows, ratios } };
};

/** The pairs that a drifting machine would blur: measured in turn, medians compared. */
async function compare(
  ours: Contender & { store: EventStore },
  fresh: FreshDatabase,
  short: boolean,
) {
  const rounds = short ? 3 : 5;
  // As long for the one as for the other, and long enough for PostgreSQL to have to write.
  const ms = short ? 300 : 3_000;
  const limit = await copy(await fresh('copy'), batchSizeMax);
  const bulkLimit = await copy(await fresh('bulk_copy'), short ? 10_000 : bulkCopyRows);
  const bare = await plainInsert(await fresh('bare'), 1);
  const perSecond =
    (append: () => Promise<unknown>, callers: number, eventsPerCall = 1) =>
    async () =>
      (await closedLoop(append, { callers, ms, eventsPerCall })).per_s;
  const importOne = () => {
    const events = Array.from({ length: importEvents }, newEvent);
    return ours.store.append({ stream: `import-${events[0]?.id}`, expectedVersion: 0, events });
  };
  // What one has written is on disk before the other is measured.
  const checkpoint = () => limit.checkpoint();
  await limit.run(1);
  await bulkLimit.run(1);
  const stream = await inTurn(
    rounds,
    {
      ours: perSecond(ours.append, callersCompared),
      copy: () => limit.run(ms),
      bulkCopy: () => bulkLimit.run(ms),
    },
    checkpoint,
  );
  const bulk = await inTurn(
    rounds,
    { ours: perSecond(importOne, importAppends, importEvents), copy: () => bulkLimit.run(ms) },
    checkpoint,
  );
  const lone = await inTurn(
    rounds,
    { ours: perSecond(ours.append, 1), bare: perSecond(bare.append, 1) },
    checkpoint,
  );
  const reading = await compareReading(ours.store, await fresh('frontlog', true), 4 * rounds);
  await limit.close();
  await bulkLimit.close();
  await bare.close();
  process.stderr.write(`# medians: ${JSON.stringify({ stream, bulk, lone, reading })}\n`);
  return {
    'over COPY, 64 callers': round(stream.ours / stream.copy, 2),
    'over COPY of 50,000 rows a transaction, 64 callers': round(stream.ours / stream.bulkCopy, 2),
    'time of a lone append over a bare insert': round(lone.bare / lone.ours, 2),
    'bulk import over COPY': round(bulk.ours / bulk.copy, 2),
    'reading over a bare paged select': round(reading.ours / reading.bare, 2),
  };
}

async function compareReading(store: EventStore, url: string, rounds: number) {
  // A pool as the store's own: V8 runs the driver a fifth faster or slower by how a client was made.
  const pool = openPool(url, (error) => process.stderr.write(`# ${error}\n`));
  const last = Math.min(await store.head(), 100_000);
  const through = async (page: (after: number) => Promise<number>) => {
    const started = performance.now();
    for (let after = 0; after < last; ) after = await page(after);
    return (last * 1_000) / (performance.now() - started);
  };
  const speed = await inTurn(rounds, {
    ours: () =>
      through(async (after) => {
        return (await store.readLog(after, readPageSize, 64e6)).at(-1)?.position ?? last;
      }),
    bare: () =>
      through(async (after) => {
        const { rows } = await pool.query({
          name: 'page',
          text: `select ${columns} from events where position > $1 order by position limit $2`,
          values: [after, readPageSize],
        });
        return rows.at(-1)?.position ?? last;
      }),
  });
  await pool.end();
  return speed;
}

/** Stored but not seen, of what is appended while the contender's own way of reading follows. */
async function lostByReader(contender: Contender, ms: number): Promise<number | undefined> {
  if (contender.follow === undefined) return undefined;
  const stop = new AbortController();
  const seen = new Set<string>();
  const following = contender.follow((ids) => {
    for (const id of ids) seen.add(id);
  }, stop.signal);
  await closedLoop(contender.append, { callers: callersCompared, ms });
  await sleep(500);
  stop.abort();
  await following;
  return (await contender.count()) - seen.size;
}
