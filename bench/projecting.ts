/**
 * A process of the bench `projections`: builds all views from a log, as `frontlog rebuild --all`
 * does, and prints how. `node [--expose-gc] bench/projecting.ts DATABASE_URL`: where it can have
 * garbage collected, it tells what is held without it, and takes longer.
 */
import { pino } from 'pino';
import { openDb, openPool } from '../src/db.ts';
import { postgresEventStore } from '../src/eventstore/postgres.ts';
import { openPipeline } from '../src/pipeline.ts';
import { prepareProjection, startRebuild } from '../src/projections/generations.ts';
import { openRebuild } from '../src/projections/rebuild.ts';
import { listStatuses } from '../src/projections/status.ts';
import { projections } from '../src/service.ts';

const heldIntervalMs = 2_000;
/** Events that a step takes at most. */
const stepMax = 1_000;
const [url] = process.argv.slice(2) as [string];
const onError = (error: unknown) => process.stderr.write(`# ${error}\n`);
const pool = openPool(url, onError);
const db = openDb(pool);
const connect = () => openPipeline(url);
const store = postgresEventStore({ db, pool, connect, onError });
for (const projection of projections) await prepareProjection(db, projection);
for (const projection of projections) await startRebuild(db, projection, null);
const rebuild = openRebuild(projections, { db, store, connect, logger: pino({ level: 'warn' }) });
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
let storedAt = startedAt;
let rssMax = 0;
let heldMax = 0;
let heldAt = startedAt;
const near = (await store.head()) - 1_000;
// Asked again when they may be there: to ask after each step would be a part of what is measured.
let stepsLeft = 0;
for (let isNear = false; ; ) {
  const step = await rebuild.advance();
  if (step === 'none') break;
  rssMax = Math.max(rssMax, process.memoryUsage().rss);
  const isDue = performance.now() - heldAt > heldIntervalMs;
  if (globalThis.gc !== undefined && isDue) heldMax = Math.max(heldMax, held());
  stepsLeft -= 1;
  if (isNear || stepsLeft > 0) continue;
  const statuses = await listStatuses(db, projections);
  const position = Math.min(...statuses.map(({ rebuild }) => rebuild?.position ?? 0));
  isNear = position >= near;
  stepsLeft = Math.floor((near - position) / stepMax);
  storedAt = performance.now();
}
const endedAt = performance.now();
const { user, system } = process.cpuUsage(cpuBefore);
await rebuild.close();
const statuses = await listStatuses(db, projections);
const differences = statuses.reduce((sum, one) => sum + (one.comparison?.differences ?? 0), 0);
const figures = {
  ...{ storedMs: storedAt - startedAt, allMs: endedAt - startedAt, cpuUs: user + system },
  ...{ heldMax, rssMax, differences },
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
await store.close();
await db.destroy();

// What is in use, without the garbage that V8 has not looked for yet.
function held(): number {
  globalThis.gc?.();
  heldAt = performance.now();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
