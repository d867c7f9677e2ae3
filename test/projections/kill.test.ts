/**
 * kill -9 in the middle of batches: the views are those of a clean rebuild. `npm run test:faults`
 * kills fifty times.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import t from 'tap';
import { appendSynthetic } from '../../bench/synthetic-log.ts';
import type { Db } from '../../src/db.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { prepareProjection, startRebuild } from '../../src/projections/generations.ts';
import { openLane } from '../../src/projections/lane.ts';
import { openRebuild } from '../../src/projections/rebuild.ts';
import { listStatuses } from '../../src/projections/status.ts';
import { projections } from '../../src/service.ts';
import { freshStore } from '../db.ts';

const kills = process.env.FAULTS === 'full' ? 50 : 5;

t.test('killed at any moment, the views are those of a clean rebuild', async (t) => {
  const { db, store, url } = await freshStore(t);
  for (const projection of projections) await prepareProjection(db, projection);
  await appendSynthetic(store, 2_000 + 1_000 * kills);
  const head = await store.head();
  const moved: number[] = [];
  for (let round = 0; round < kills; round += 1) {
    const child = fork(new URL('projecting.ts', import.meta.url), [url], { silent: true });
    await once(child, 'message');
    while (!(await isStoring(db)) && (await positionOf(db)) < head) await sleep(1);
    await sleep(Math.random() * 20);
    child.kill('SIGKILL');
    await once(child, 'exit');
    moved.push(await positionOf(db));
  }
  t.comment(`killed at ${moved.join(', ')} of ${head}`);
  const connect = () => openPipeline(url);
  const parts = { db, store, connect, logger: pino({ level: 'silent' }) };
  const lane = openLane(projections, 'live', parts);
  // What a killed process had under way is rolled back once PostgreSQL has seen it go.
  while ((await positionOf(db)) < head) if ((await lane.advance()).events === 0) await sleep(20);
  await lane.close();
  for (const projection of projections) await startRebuild(db, projection, null);
  const rebuild = openRebuild(projections, parts);
  while ((await rebuild.advance()) !== 'none');
  await rebuild.close();
  for (const { name, comparison } of await listStatuses(db, projections)) {
    t.match(comparison, { position: head, differences: 0, first: null }, name);
  }
});

async function positionOf(db: Db): Promise<number> {
  const statuses = await listStatuses(db, projections);
  return Math.min(...statuses.map(({ position }) => position));
}

async function isStoring(db: Db): Promise<boolean> {
  const { rows } = await sql`
    select from pg_stat_activity
    where datname = current_database() and state = 'active' and query ~ '^\\s*insert into "'`.execute(
    db,
  );
  return rows.length > 0;
}
