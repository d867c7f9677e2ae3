/**
 * Races made to happen: each holds on the functions as they are, and is seen to fail on a copy of
 * the database where the guard that it tests is taken out.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import t from 'tap';
import type { Db } from '../../src/db.ts';
import { blocked, freshDatabase, freshStore, openStore } from '../db.ts';
import { append, event, events } from './events.ts';
import { mutate } from './mutate.ts';

type Row = { outcome: string; version: number; last_position: number };
const functions = ['append_event', 'append_events', 'append_new_streams'] as const;
type FunctionName = (typeof functions)[number];
const lock = 'perform pg_advisory_xact_lock(7205880);';

/** Appends one event in SQL itself, so that nothing of ours tries again. */
async function appendIn(
  db: Db,
  name: FunctionName,
  { stream = 's-1', expected = -1, id = randomUUID() } = {},
): Promise<Row> {
  if (name === 'append_event') {
    const { rows } = await sql<Row>`
      select * from append_event(${stream}, ${expected}, ${id}, 'T', 1::int2, '{}', '{}', 4)`.execute(
      db,
    );
    return rows[0] as Row;
  }
  if (name === 'append_new_streams') {
    const { rows } = await sql<Row>`
      select 'stored' as outcome, 1 as version, append_new_streams + 1 as last_position
      from append_new_streams(${[stream]}, '{1}', ${[id]}, '{T}', '{1}',
        array['{}'::json], array['{}'::json], '{4}')`.execute(db);
    return rows[0] as Row;
  }
  const { rows } = await sql<Row>`
    select coalesce(outcomes[1], 'stored') as outcome, coalesce(versions[1], ${expected + 1}) as version,
      coalesce(positions[1], head + 1) as last_position
    from append_events(${[stream]}, ${[expected]}, '{1}', '{1}', '{1}', ${[id]}, '{T}', '{1}',
      array['{}'::json], array['{}'::json], '{4}')`.execute(db);
  return rows[0] as Row;
}

const logOf = async (db: Db) =>
  (await db.selectFrom('events').select('position').orderBy('position').execute()).map(
    ({ position }) => position,
  );

/**
 * An append is still open while another arrives and a reader reads. Answers what the reader saw,
 * and how the second append ended.
 */
async function appendBesideOpen(db: Db, name: FunctionName) {
  const { second, seen } = await db.transaction().execute(async (open) => {
    await appendIn(open, name, { stream: 's-1' });
    const second = appendIn(db, name, { stream: 's-2' }).then(
      ({ last_position }) => last_position,
      (error) => error.code as string,
    );
    await blocked(db);
    return { second, seen: await logOf(db) };
  });
  return { second: await second, seen, log: await logOf(db) };
}

for (const name of functions) {
  t.test(`${name} waits for an open append, and a reader misses no position`, async (t) => {
    const { db } = await freshDatabase(t);
    const observed = await appendBesideOpen(db, name);
    t.strictSame(observed, { second: 2, seen: [], log: [1, 2] });
  });

  t.test(`${name} without the lock: both take the same position`, async (t) => {
    const { db } = await freshDatabase(t);
    await mutate(db, name, lock, '');
    t.match(await appendBesideOpen(db, name), { second: '23505', log: [1] });
  });

  t.test(`${name} with lock and head in one statement: the snapshot is stale`, async (t) => {
    const { db } = await freshDatabase(t);
    await mutate(db, name, lock, '');
    const readsHead =
      name === 'append_new_streams' ? 'from events e' : 'from (values (true)) as one';
    const locks = 'from pg_advisory_xact_lock(7205880) one';
    const alsoLocks = name === 'append_new_streams' ? `${locks}, events e` : locks;
    await mutate(db, name, readsHead, alsoLocks);
    t.match(await appendBesideOpen(db, name), { second: '23505', log: [1] });
  });

  t.test(`${name} records no time before the last, also when the clock was set back`, async (t) => {
    const { db } = await freshDatabase(t);
    await sql`insert into events values
      (1, ${randomUUID()}, 's-1', 1, 'T', 1, now() + interval '1 hour', '{}', '{}', 4)`.execute(db);
    const decreases = async () => {
      await appendIn(db, name, { stream: `s-${randomUUID()}` });
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from events a join events b on b.position = a.position + 1
        where b.recorded_at < a.recorded_at`.execute(db);
      return rows[0]?.n;
    };
    t.equal(await decreases(), 0);
    const last = name === 'append_new_streams' ? 'last.recorded_at' : 'head_recorded_at';
    await mutate(db, name, `greatest(clock_timestamp(), ${last})`, 'clock_timestamp()');
    t.equal(await decreases(), 1);
  });
}

for (const name of ['append_event', 'append_events'] as const) {
  t.test(`${name} refuses a version that is not the expected one`, async (t) => {
    const { db } = await freshDatabase(t);
    await appendIn(db, name, { expected: 0 });
    t.match(await appendIn(db, name, { expected: 0 }), { outcome: 'wrong_version', version: 1 });
    t.strictSame(await logOf(db), [1]);
    const check = {
      append_event: 'expected_version <> -1 and expected_version <> current_version',
      append_events: 'expected[f.a] not in (-1, currents[f.a])',
    };
    await mutate(db, name, check[name], 'false');
    t.match(await appendIn(db, name, { expected: 0 }), { outcome: 'stored', version: 2 });
  });
}

t.test('append_new_streams sees by the indexes what is not new', async (t) => {
  const { db } = await freshDatabase(t);
  const id = randomUUID();
  await appendIn(db, 'append_new_streams', { stream: 's-1', id });
  const same = appendIn(db, 'append_new_streams', { stream: 's-1' });
  await t.rejects(same, { code: '23505' });
  await t.rejects(appendIn(db, 'append_new_streams', { stream: 's-2', id }), { code: '23505' });
  t.strictSame(await logOf(db), [1]);
});

t.test('append_event leaves a taken id to append_events, by an error', async (t) => {
  const { db } = await freshDatabase(t);
  const id = randomUUID();
  await appendIn(db, 'append_event', { id });
  await t.rejects(appendIn(db, 'append_event', { id }), { code: '23505' });
  t.match(await appendIn(db, 'append_event', { id, expected: 0 }), { outcome: 'duplicate' });
});

t.test('of fifty appends at one version, through two stores, exactly one is stored', async (t) => {
  const { db, pool, url, store } = await freshStore(t);
  const stores = [store, openStore(t, { db, pool, url })];
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      (stores[i % 2] ?? store).append(append('s-1', events(1), 0)),
    ),
  );
  t.equal(results.filter(({ outcome }) => outcome === 'stored').length, 1);
  t.equal(results.filter(({ outcome }) => outcome === 'wrong_version').length, 49);
});

t.test('the same append through two stores at once is stored once', async (t) => {
  const { db, pool, url, store } = await freshStore(t);
  const other = openStore(t, { db, pool, url });
  for (let round = 1; round <= 20; round += 1) {
    const same = append(`s-${round}`, [event()], 'any');
    const outcomes = await Promise.all([store.append(same), other.append(same)]);
    t.strictSame(outcomes.map(({ outcome }) => outcome).sort(), ['duplicate', 'stored']);
    t.equal(await store.head(), round);
  }
});

t.test('nobody changes the log in place', async (t) => {
  const { db, url } = await freshDatabase(t);
  await appendIn(db, 'append_event');
  const changes = ["update events set type = 'Other'", 'delete from events', 'truncate events'];
  for (const change of changes) {
    await t.rejects(sql.raw(change).execute(db), /append-only/);
    const asReplica = `set local session_replication_role = replica; ${change}`;
    await t.rejects(sql.raw(asReplica).execute(db), /append-only/);
  }
  await t.test('not even its owner, with the trigger off', async (t) => {
    const owner = `owner_${randomUUID().replaceAll('-', '')}`;
    await sql.raw(`create role ${owner} login password 'p'`).execute(db);
    t.teardown(() =>
      sql
        .raw(`reassign owned by ${owner} to current_user;
      drop owned by ${owner}; drop role ${owner}`)
        .execute(db),
    );
    await sql
      .raw(`drop owned by ${owner};
      grant all on database ${new URL(url).pathname.slice(1)} to ${owner};
      create schema own authorization ${owner}`)
      .execute(db);
    await db.connection().execute(async (connection) => {
      // The log made by an owner who is no superuser, as in a managed database.
      await sql.raw(`set role ${owner}; set search_path = own`).execute(connection);
      await sql.raw(await migrations()).execute(connection);
      await appendIn(connection, 'append_event');
      await sql.raw('alter table events disable trigger all').execute(connection);
      for (const change of changes) {
        await t.rejects(sql.raw(change).execute(connection), /permission denied/);
      }
      await sql.raw('reset role; reset search_path').execute(connection);
    });
  });
});

async function migrations(): Promise<string> {
  const folder = new URL('../../migrations/', import.meta.url);
  const files = (await readdir(folder)).sort();
  return (await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))).join('');
}
