/**
 * How fast all views are rebuilt from a log, and in how much memory; how soon after its append an
 * event is in the views; and how fast they are read beside hand-written selects.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { openPool } from '../src/db.ts';
import { claims } from '../src/projections/claims.ts';
import type { Projection } from '../src/projections/projection.ts';
import { tableOf } from '../src/projections/rows.ts';
import { timeline } from '../src/projections/timeline.ts';
import { projections } from '../src/service.ts';
import { closedLoop, inTurn, postgresCpuUs, round, table } from './measure.ts';
import type { Bench, FreshDatabase } from './run.ts';
import { type Server, serve } from './servers.ts';
import { frontlog, newEvent } from './stores.ts';
import { appendSynthetic } from './synthetic-log.ts';

const appendsPerSecond = 500;
const readers = 8;
const pollMs = 1;
/** A war of some months: the views that are read. */
const eventsRead = 10_000;
const viewsRead = [
  '/v1/timeline?limit=50',
  '/v1/claims?limit=50',
  '/v1/claims?limit=50&conflict=war-1&kind=control',
  '/v1/claims?limit=50&sort=position',
  '/v1/conflicts/war-1/status',
  '/v1/casualties?conflict=war-1',
  '/v1/negotiations?conflict=war-1',
  '/v1/places/geonames:700007/control',
];

export const benchProjections: Bench = async (fresh, short) => {
  // First: a million events leave PostgreSQL much to vacuum and write, and this process much garbage.
  const live = await liveFigures(fresh, short);
  const sizes = short ? [5_000] : [100_000, 1_000_000];
  const rebuilds = [];
  for (const size of sizes) rebuilds.push(await rebuild(await fresh(`log_${size}`), size));
  const tables = [rebuilds, [live.delays], live.reads, live.pastReads];
  const text = tables.map((rows) => table(rows)).join('\n');
  return { text, json: { rebuilds, ...live } };
};

type Built = {
  storedMs: number;
  allMs: number;
  cpuUs: number;
  heldMax: number;
  rssMax: number;
  differences: number;
};

/**
 * Twice: at first beside an empty generation, to see what is held in memory, then beside a full one,
 * which is compared, to see how fast.
 */
async function rebuild(url: string, events: number) {
  const { store, close } = await frontlog(url);
  await appendSynthetic(store, events);
  await close();
  const build = async (...flags: string[]) => {
    const before = await postgresCpuUs();
    const argv = [...flags, `${import.meta.dirname}/projecting.ts`, url];
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    const postgres = ((await postgresCpuUs()) ?? Number.NaN) - (before ?? Number.NaN);
    return { ...(JSON.parse(stdout) as Built), postgres };
  };
  const { heldMax } = await build('--expose-gc');
  // As PostgreSQL does by itself within minutes, else beside what is measured.
  await settle(url);
  const { storedMs, allMs, cpuUs, rssMax, differences, postgres } = await build();
  return {
    events,
    'events/s, rows stored': Math.round((events * 1_000) / storedMs),
    'with indexes, comparison and swap': Math.round((events * 1_000) / allMs),
    'node us': round(cpuUs / events, 1),
    'PostgreSQL us': round(postgres / events, 1),
    'memory held, MB': Math.round(heldMax / 1e6),
    'with garbage, MB': Math.round(rssMax / 1e6),
    'rows that differ': differences,
  };
}

async function settle(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  for (const text of ['vacuum analyze', 'checkpoint']) await client.query(text);
  await client.end();
}

async function liveFigures(fresh: FreshDatabase, short: boolean) {
  const url = await fresh('live');
  const { store, close } = await frontlog(url);
  await appendSynthetic(store, eventsRead);
  const pool = openPool(url, (error) => process.stderr.write(`# ${error}\n`));
  const ours = await serve(['src/main.ts', 'start'], {
    DATABASE_URL: url,
    ROLES: 'api,projector',
    KAFKA_BROKERS: 'none',
    PORT: '0',
    LOG_LEVEL: 'error',
    RATE_LIMIT_PER_MINUTE: '0',
  });
  while ((await positionOf(pool)) < eventsRead) await sleep(50);
  const delays = await delaysOf(pool, store, short ? 2_000 : 20_000);
  // As PostgreSQL does by itself within a minute: until then it may join by the wrong way, for either.
  await pool.query('analyze');
  const reads = await readsOf(url, ours, short);
  const pastReads = await pastReadsOf(ours, short);
  await stop(ours);
  await pool.end();
  await close();
  return { delays, reads, pastReads };
}

/** From the acknowledgement of an append to its event in all views. */
async function delaysOf(
  pool: pg.Pool,
  store: Awaited<ReturnType<typeof frontlog>>['store'],
  ms: number,
) {
  const waiting = new Map<number, number>();
  const delays: number[] = [];
  let isDone = false;
  const polling = (async () => {
    while (!isDone || waiting.size > 0) {
      const position = await positionOf(pool);
      const now = performance.now();
      for (const [one, at] of waiting) {
        // In order of acknowledgement, which is that of positions.
        if (one > position) break;
        delays.push(now - at);
        waiting.delete(one);
      }
      await sleep(pollMs);
    }
  })();
  const startedAt = performance.now();
  for (let count = 0; performance.now() - startedAt < ms; await sleep(1)) {
    const due = ((performance.now() - startedAt) * appendsPerSecond) / 1_000;
    for (; count < due; count += 1) {
      const event = newEvent();
      store
        .append({ stream: `claim-${event.id}`, expectedVersion: 0, events: [event] })
        .then((result) => {
          if ('position' in result) waiting.set(result.position, performance.now());
        });
    }
  }
  await sleep(100);
  isDone = true;
  await polling;
  delays.sort((a, b) => a - b);
  const quantile = (q: number) => round(delays[Math.floor(q * (delays.length - 1))] ?? 0, 1);
  return {
    'ms from acknowledged to in all views': `${delays.length} appends, ${appendsPerSecond}/s`,
    ...{ p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
  };
}

async function positionOf(pool: pg.Pool): Promise<number> {
  const text = `select min(position) as position from projections where role = 'live'`;
  const { rows } = await pool.query({ name: 'position', text });
  return rows[0]?.position ?? 0;
}

/** Reads a second, there and at a bare route that selects the same rows by hand. */
async function readsOf(url: string, ours: Server, short: boolean) {
  const paths = ['/v1/timeline?limit=50', '/v1/conflicts/war-2/status'] as const;
  const selects = {
    [paths[0].split('?')[0] as string]: timelineSelects,
    [paths[1]]: statusSelects,
  };
  const routes = JSON.stringify(
    Object.fromEntries(Object.entries(selects).map(([path, made]) => [path, made()])),
  );
  const bare = await serve(['bench/bare-reads.ts', url, routes], {});
  const rows = [];
  for (const path of paths) {
    const seen = await inTurn(short ? 1 : 3, {
      ours: reading(ours, path, short),
      bare: reading(bare, path, short),
    });
    const ratio = round(seen.ours / seen.bare, 2);
    rows.push({ path, 'reads/s': seen.ours, 'bare route': seen.bare, ratio });
  }
  await stop(bare);
  return rows;
}

/** Each view as of the middle of the log beside the same one now. */
async function pastReadsOf(ours: Server, short: boolean) {
  const rows = [];
  for (const path of viewsRead) {
    const past = `${path}${path.includes('?') ? '&' : '?'}at_position=${eventsRead / 2}`;
    const seen = await inTurn(short ? 1 : 3, {
      now: reading(ours, path, short),
      past: reading(ours, past, short),
    });
    const dearer = round(seen.now / seen.past, 2);
    rows.push({
      ...{ path, 'reads/s now': seen.now, 'as of the middle of the log': seen.past },
      ...{ 'times as dear': dearer, target: 'at most 1.5' },
    });
  }
  return rows;
}

function reading(server: Server, path: string, short: boolean) {
  const call = async () => {
    const response = await fetch(server.url + path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    await response.arrayBuffer();
  };
  const ms = short ? 500 : 4_000;
  return async () => (await closedLoop(call, { callers: readers, ms })).per_s;
}

async function stop({ process }: Server): Promise<void> {
  process.kill();
  await once(process, 'exit');
}

const live = (projection: Projection, name: string) => `"${tableOf(projection, 1, name)}"`;

function timelineSelects(): string[] {
  return [
    `select i.*, e.*, c.verification, c.lifecycle from (
       select since, published_at, claim_id, sort_at from ${live(timeline, 'items')}
       order by sort_at desc, since desc limit 51) i
     join events e on e.position = i.since
     left join ${live(claims, 'claims')} c on c.key = i.claim_id and c.until = 9007199254740991
     order by i.sort_at desc, i.since desc`,
  ];
}

function statusSelects(): string[] {
  const [claimed, slots, subjects] = ['claims', 'slots', 'subjects'].map((name) =>
    live(claims, name),
  );
  const of = (name: string, one: string) =>
    live(projections.find((projection) => projection.name === name) as Projection, one);
  const now = 'until = 9007199254740991';
  const told = '(select data from events e where e.position = c.made) as data';
  return [
    `select s.body as subject, c.body, ${told} from ${subjects} s
     join ${slots} l on l.key = s.key and l.${now}
     cross join lateral (select body, made from ${claimed} c
       where c.subject = s.key and c.lifecycle in ('active', 'corrected') and c.${now}
       order by c.order_at desc, c.said_at desc, c.made desc limit 1) c
     where s.conflict_id = 'war-2' and s.kind <> 'casualties' order by s.since`,
    `select s.body as subject, c.body, ${told}
     from ${subjects} s join ${claimed} c on c.subject = s.key
     where s.conflict_id = 'war-2' and s.kind = 'casualties' and c.${now}`,
    `select body from ${live(claims, 'totals')} where key = 'war-2' order by since desc limit 1`,
    `select body from ${of('negotiations', 'negotiations')} where conflict_id = 'war-2' and ${now}`,
    `select body from ${of('operations', 'operations')} where conflict_id = 'war-2' and ${now}`,
    `select body from ${of('operations', 'movements')}
     where conflict_id = 'war-2' and type = 'TroopsWithdrew' order by since`,
  ];
}
