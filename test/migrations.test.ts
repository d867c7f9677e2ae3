/** A log made by an earlier release, brought up to date with its events in it, whatever happens. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import t from 'tap';
import { type Db, migrate, openDb, openPool } from '../src/db.ts';
import { run, start } from './cli/command.ts';
import { freshDatabase, freshStore, openStore } from './db.ts';
import { append, event } from './eventstore/events.ts';

const folder = new URL('../migrations/', import.meta.url);
const step = (name: string) => readFile(new URL(`${name}.sql`, folder), 'utf8');

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

/** As a release before these migrations left it. */
const undoLast = `drop table replays, log_tiles, log_head, imports, import_rejections;
  alter table relay_topics drop column last_error, drop column failed_at;
  delete from kysely_migration where name >= '0008_replays'`;

// Every change of the shape takes a while, as it does on a large log.
const slowly = `create function slowly() returns event_trigger language plpgsql as
    'begin perform pg_sleep(0.2); end';
  create event trigger slowly on ddl_command_end execute function slowly()`;

/** What is there, and in which shape. */
async function shapeOf(db: Db) {
  const { rows } = await sql<{ shape: object }>`
    select json_agg(json_build_array(c.relname, a.attname, a.atttypid, a.attnotnull)
             order by c.relname, a.attnum) as shape
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and a.attnum > 0`.execute(db);
  const applied = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return { shape: rows[0]?.shape, applied: applied.rows };
}

// Seen to fail without a transaction over all of them: what the one before it made stays.
t.test('a migration that fails halfway changes nothing; mended, it is done', async (t) => {
  const { url, db, store } = await freshStore(t);
  await store.append(append('s-1', [event(), event()]));
  await sql.raw(undoLast).execute(db);
  await sql`create table log_head (in_the_way integer)`.execute(db);
  const before = await shapeOf(db);
  for (const command of ['migrate', 'start']) {
    const failed = await run(url, { KAFKA_BROKERS: 'none', PORT: '0' }, command);
    t.match(failed, { code: 3, stderr: /frontlog: relation "log_head" already exists/ }, command);
  }
  t.strictSame(await shapeOf(db), before);
  t.strictSame(await store.append(append('s-1', [event()], 2)), {
    ...{ outcome: 'stored', version: 3, position: 3 },
  });
  await sql`drop table log_head`.execute(db);
  t.match(await run(url, 'migrate'), { code: 0, stderr: '' });
  t.equal((await shapeOf(db)).applied.length, (await readdir(folder)).length);
  t.equal(await store.head(), 3);
});

// Seen to fail without a transaction.
t.test('a migration that is killed halfway changes nothing; run again, it is done', async (t) => {
  const { url, db } = await freshDatabase(t);
  await sql.raw(undoLast).execute(db);
  const before = await shapeOf(db);
  await sql.raw(slowly).execute(db);
  const { process: child, ended } = start(url, 'migrate');
  const open = () =>
    sql<{ wait_event: string }>`
    select wait_event from pg_stat_activity where query like '%create table log_tiles%'
      and datname = current_database() and pid <> pg_backend_pid()`.execute(db);
  while (!(await open()).rows.some(({ wait_event }) => wait_event === 'PgSleep')) await sleep(20);
  child.kill('SIGKILL');
  t.equal((await ended).code, null);
  while ((await open()).rows.length > 0) await sleep(20);
  t.strictSame(await shapeOf(db), before);
  t.match(await run(url, 'migrate'), { code: 0, stderr: '' });
  t.equal((await shapeOf(db)).applied.length, (await readdir(folder)).length);
});

// Seen to fail without the lock that the migrations are run under.
t.test('several processes migrate at once: one does, all go on', async (t) => {
  const { url, db } = await freshDatabase(t);
  await sql.raw('drop schema public cascade; create schema public').execute(db);
  await sql.raw(slowly).execute(db);
  const all = await Promise.all(Array.from({ length: 4 }, () => run(url, 'migrate')));
  for (const one of all) t.match(one, { code: 0, stderr: '' });
  t.equal((await shapeOf(db)).applied.length, (await readdir(folder)).length);
  const logs = await db.selectFrom('log_identity').selectAll().execute();
  t.equal(logs.length, 1);
});

// Seen to fail without each of the two: by the statement's timeout, and by that of locks.
t.test('a migration may take longer than a statement, and waits for who holds it up', async (t) => {
  const { url, db } = await freshDatabase(t);
  await sql.raw(undoLast).execute(db);
  await sql.raw(slowly).execute(db);
  const timeouts = { statement_timeout: 150, lock_timeout: 100 };
  const impatient = openDb(new pg.Pool({ connectionString: url, max: 1, ...timeouts }));
  t.teardown(() => impatient.destroy());
  const held = Promise.withResolvers<void>();
  const holding = db.transaction().execute(async (open) => {
    await sql`lock table kysely_migration`.execute(open);
    held.resolve();
    await sleep(500);
  });
  await held.promise;
  await Promise.all([migrate(impatient), holding]);
  t.equal((await shapeOf(db)).applied.length, (await readdir(folder)).length);
  const { rows } = await sql`show statement_timeout`.execute(impatient);
  t.strictSame(rows, [{ statement_timeout: '150ms' }], 'and then it is as it was');
});
