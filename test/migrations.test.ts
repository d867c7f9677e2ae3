/** A log made by an earlier release, brought up to date with its events in it. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool } from '../src/db.ts';
import { freshDatabase, openStore } from './db.ts';
import { append, event } from './eventstore/events.ts';

const step = (name: string) =>
  readFile(new URL(`../migrations/${name}.sql`, import.meta.url), 'utf8');

t.test('a log from before 0002 keeps its events and goes on', async (t) => {
  const { url } = await freshDatabase(t);
  const pool = openPool(url, () => undefined);
  const db = openDb(pool);
  t.teardown(() => db.destroy());
  await sql.raw('drop schema public cascade; create schema public').execute(db);
  await sql.raw(await step('0001_log')).execute(db);
  const data = ['{"n": 1}', '{"text": "ї"}'];
  for (const [i, json] of data.entries()) {
    await sql`select * from append_events(array['s-1'], ${[i]}, '{1}', ${[randomUUID()]}, '{T}',
      '{1}', ${[json]}, '{"{}"}')`.execute(db);
  }
  await db.transaction().execute(async (open) => {
    await sql.raw(await step('0002_append')).execute(open);
  });
  const store = openStore(t, { db, pool, url });
  const next = await store.append(append('s-1', [event()], 2));
  t.strictSame(next, { outcome: 'stored', version: 3, position: 3 });
  const { rows } = await sql<{ bytes_through: number }>`
    select bytes_through from events order by position limit 2`.execute(db);
  t.strictSame(
    rows.map(({ bytes_through }) => bytes_through),
    [10, 10 + Buffer.byteLength(`${data[1]}{}`)],
  );
  t.equal((await store.readLog(0, 10, 12)).length, 1);
  await t.rejects(sql`delete from events`.execute(db), /append-only/);
});
