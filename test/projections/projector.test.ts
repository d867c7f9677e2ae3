import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import t from 'tap';
import type { Db } from '../../src/db.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { Wakeup } from '../../src/eventstore/wakeup.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { prepareProjection, projectBatch, runProjection } from '../../src/projections/projector.ts';
import { freshStore } from '../db.ts';

const logger = pino({ level: 'silent' });

/** A projection that counts the events it was given, and does `before` first. */
function counting(name: string, before: () => void = () => undefined): Projection {
  return {
    name,
    version: 1,
    types: ['ActorRegistered'],
    async createTables(db) {
      await sql`create table if not exists ${sql.id(name)} (id uuid primary key)`.execute(db);
    },
    async apply(db, events) {
      before();
      for (const { id } of events) {
        await sql`insert into ${sql.id(name)} values (${id})`.execute(db);
      }
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
  const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.id(name)}`.execute(db);
  return rows[0]?.n as number;
}

// Seen to fail, by the lock's timeout, with `skipLocked` taken out of the projector.
t.test('while one process applies a batch, another finds nothing to do', async (t) => {
  const { db, store } = await freshStore(t);
  const projection = counting('counted');
  await prepareProjection(db, projection);
  await appendOne(store);
  await db.transaction().execute(async (other) => {
    await sql`select from projections for update`.execute(other);
    t.equal(await projectBatch(db, store, projection), 0);
  });
  t.equal(await countOf(db, 'counted'), 0);
  t.equal(await projectBatch(db, store, projection), 1);
  t.equal(await projectBatch(db, store, projection), 0);
  t.equal(await countOf(db, 'counted'), 1);
});

t.test('a handler that throws pauses its projection and says why; the other goes on', async (t) => {
  const { db, store } = await freshStore(t);
  const fails = counting('fails', () => {
    throw new Error('no such place');
  });
  const works = counting('works');
  await prepareProjection(db, fails);
  await prepareProjection(db, works);
  await appendOne(store);
  const stop = new AbortController();
  const wakeup: Wakeup = {
    // The first time there is nothing more to read, the run is over.
    hints: 0,
    next: async () => stop.abort(),
  };
  const parts = { db, store, wakeup, logger };
  await runProjection(fails, parts, new AbortController().signal);
  await runProjection(works, parts, stop.signal);
  const states = await db
    .selectFrom('projections')
    .select(['name', 'state', 'position', 'last_error'])
    .orderBy('name')
    .execute();
  t.same(states, [
    { name: 'fails', state: 'paused', position: 0, last_error: 'no such place' },
    { name: 'works', state: 'running', position: 1, last_error: null },
  ]);
});

// Seen to fail with `isTransientError` answering false: the projection pauses for good.
t.test('a projection outlives a statement that PostgreSQL had to cancel', async (t) => {
  const { db, store } = await freshStore(t);
  let cancelled = 0;
  const projection = counting('counted', () => {
    cancelled += 1;
    if (cancelled === 1) throw Object.assign(new Error('canceling'), { code: '55P03' });
  });
  await prepareProjection(db, projection);
  await appendOne(store);
  const stop = new AbortController();
  const wakeup = { hints: 0, next: async () => stop.abort() };
  await runProjection(projection, { db, store, wakeup, logger }, stop.signal);
  t.equal(cancelled, 2);
  t.equal(await countOf(db, 'counted'), 1);
});
