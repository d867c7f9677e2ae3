import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import t from 'tap';
import type { Db } from '../../src/db.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { prepareProjection, setState } from '../../src/projections/generations.ts';
import { pagesOf } from '../../src/projections/pages.ts';
import type { Fact, Projection } from '../../src/projections/projection.ts';
import { projectBatch, runProjections } from '../../src/projections/projector.ts';
import { freshStore } from '../db.ts';

const logger = pino({ level: 'silent' });

/** A projection that keeps each event, and does `before` first. */
function keeping(name: string, before: (event: Fact) => void = () => undefined): Projection {
  return {
    name,
    version: 1,
    types: ['ActorRegistered'],
    tables: { seen: { columns: {}, indexes: [] } },
    hint: () => undefined,
    project(event, { seen }) {
      before(event);
      seen?.put(event.id, { body: {} });
    },
  };
}

async function appendOne(store: EventStore): Promise<void> {
  const event = {
    id: randomUUID(),
    type: 'ActorRegistered',
    schema_version: 1,
    data: {},
    metadata: { correlation_id: 'c', recorded_by: 'test' },
  };
  const stream = `actor-${event.id}`;
  await store.append({ stream, expectedVersion: 0, events: [event] });
}

async function countOf(db: Db, name: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from ${sql.table(`${name}_v1_g1_seen`)}`.execute(db);
  return rows[0]?.n as number;
}

function statesOf(db: Db) {
  return db
    .selectFrom('projections')
    .select(['name', 'state', 'position', 'last_error', 'error_position'])
    .orderBy('name')
    .execute();
}

// Seen to fail, by the lock's timeout, with `skip locked` taken out of the projector.
t.test('while one process applies a batch, another finds nothing to do', async (t) => {
  const { db, store } = await freshStore(t);
  const projection = keeping('kept');
  await prepareProjection(db, projection);
  await appendOne(store);
  const pages = pagesOf(store);
  await db.transaction().execute(async (other) => {
    await sql`select from projections for update`.execute(other);
    t.equal(await projectBatch(db, projection, pages), 0);
  });
  t.equal(await countOf(db, 'kept'), 0);
  t.equal(await projectBatch(db, projection, pages), 1);
  t.equal(await projectBatch(db, projection, pages), 0);
  t.equal(await countOf(db, 'kept'), 1);
});

// Seen to fail with the whole batch given up for one event.
t.test('a handler that throws pauses its projection where it is; the other goes on', async (t) => {
  const { db, store, url } = await freshStore(t);
  const connect = () => openPipeline(url);
  let isMended = false;
  const fails = keeping('fails', ({ position }) => {
    if (position === 3 && !isMended) throw new Error('no such place');
  });
  const works = keeping('works');
  for (const projection of [fails, works]) await prepareProjection(db, projection);
  for (let n = 0; n < 5; n += 1) await appendOne(store);
  const stop = new AbortController();
  const wakeup = {
    hints: 0,
    next: async () => {
      if (isMended) {
        if ((await statesOf(db)).every(({ position }) => position === 5)) stop.abort();
        return;
      }
      t.match(await statesOf(db), [
        { name: 'fails', state: 'paused', position: 2, last_error: 'no such place' },
        { name: 'works', state: 'running', position: 5, last_error: null },
      ]);
      t.match(await statesOf(db), [{ error_position: 3 }, { error_position: null }]);
      t.equal(await countOf(db, 'fails'), 2);
      isMended = true;
      await setState(db, fails, 'running');
    },
  };
  await runProjections([fails, works], { db, store, connect, wakeup, logger }, stop.signal);
  t.match(await statesOf(db), [{ state: 'running', position: 5, last_error: null }, {}]);
  t.equal(await countOf(db, 'fails'), 5);
});

t.test('rows that PostgreSQL refuses pause their projection alone', async (t) => {
  const { db, store, url } = await freshStore(t);
  const connect = () => openPipeline(url);
  const works = keeping('works');
  const refused: Projection = {
    ...keeping('refused'),
    tables: { seen: { columns: { at: 'timestamptz' }, indexes: [] } },
    project: (event, { seen }) => seen?.put(event.id, { at: 'some day', body: {} }),
  };
  for (const projection of [refused, works]) await prepareProjection(db, projection);
  for (let n = 0; n < 3; n += 1) await appendOne(store);
  const stop = new AbortController();
  const wakeup = { hints: 0, next: async () => stop.abort() };
  await runProjections([refused, works], { db, store, connect, wakeup, logger }, stop.signal);
  t.match(await statesOf(db), [
    { name: 'refused', state: 'paused', position: 0, last_error: /invalid input syntax/ },
    { name: 'works', state: 'running', position: 3, last_error: null },
  ]);
});

// Seen to fail with `isTransientError` answering false: the projection pauses for good.
t.test('a projection outlives a statement that PostgreSQL had to cancel', async (t) => {
  const { db, store, url } = await freshStore(t);
  const connect = () => openPipeline(url);
  const projection = keeping('kept');
  await prepareProjection(db, projection);
  await appendOne(store);
  let cancelled = 0;
  const flaky: EventStore = {
    ...store,
    readLog(...asked) {
      cancelled += 1;
      if (cancelled > 1) return store.readLog(...asked);
      throw Object.assign(new Error('canceling'), { code: '55P03' });
    },
  };
  const stop = new AbortController();
  const wakeup = { hints: 0, next: async () => stop.abort() };
  await runProjections([projection], { db, store: flaky, connect, wakeup, logger }, stop.signal);
  t.ok(cancelled >= 2);
  t.equal(await countOf(db, 'kept'), 1);
});
