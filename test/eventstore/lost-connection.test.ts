import { sql } from 'kysely';
import pg from 'pg';
import t from 'tap';
import { isTransientError } from '../../src/db.ts';
import { postgresEventStore } from '../../src/eventstore/postgres.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { freshDatabase, freshStore, openStore } from '../db.ts';
import { faultProxy } from '../proxy.ts';
import { append, event, events } from './events.ts';

// Seen to fail with the batch not sent again, and with new ids the second time.
t.test('an append whose answer was lost is sent again, and is stored once', async (t) => {
  const { db, pool, url } = await freshDatabase(t);
  const proxy = await faultProxy(t, url);
  const store = openStore(t, { db, pool, url: proxy.url });
  await store.append(append('s-1', events(1), 0));
  for (const count of [1, 3]) {
    const head = await store.head();
    proxy.holdAnswers();
    const answer = store.append(append(`s-${count + 1}`, events(count), 0));
    await proxy.answerHeld();
    t.equal(await store.head(), head + count, 'it was committed');
    proxy.cut();
    t.strictSame(await answer, { outcome: 'duplicate', version: count, position: head + count });
    t.equal(await store.head(), head + count);
  }
});

t.test('an append waits out a short absence of PostgreSQL', async (t) => {
  const { db, pool, url } = await freshDatabase(t);
  const proxy = await faultProxy(t, url);
  const store = openStore(t, { db, pool, url: proxy.url });
  proxy.refuse(true);
  const answer = store.append(append('s-1', events(1), 0));
  setTimeout(() => proxy.refuse(false), 500);
  t.match(await answer, { outcome: 'stored', position: 1 });
});

t.test('a long absence is an error that says so, and the store goes on after it', async (t) => {
  const { db, pool, url } = await freshDatabase(t);
  const proxy = await faultProxy(t, url);
  const store = openStore(t, { db, pool, url: proxy.url });
  proxy.refuse(true);
  const answers = [1, 2, 3].map((n) => store.append(append(`s-${n}`, events(1), 0)));
  for (const answer of await Promise.allSettled(answers)) {
    t.ok(answer.status === 'rejected' && isTransientError(answer.reason));
  }
  proxy.refuse(false);
  t.match(await store.append(append('s-1', events(1), 0)), { outcome: 'stored', position: 1 });
});

// Seen to fail, by hanging, without the timeout of the pipeline.
t.test('a server that does not answer is given up, and the same append resolves it', async (t) => {
  const { db, pool, url } = await freshDatabase(t);
  const proxy = await faultProxy(t, url);
  const store = openStore(t, { db, pool, url: proxy.url });
  await store.append(append('s-1', events(1), 0));
  proxy.holdAnswers();
  const silent = [append('s-2', events(1), 0), append('s-3', events(2), 0)];
  for (const answer of await Promise.allSettled(silent.map((one) => store.append(one)))) {
    t.ok(answer.status === 'rejected' && isTransientError(answer.reason));
  }
  proxy.cut();
  for (const one of silent) t.match(await store.append(one), { outcome: 'duplicate' });
  t.equal(await store.head(), 4);
});

// Seen to fail, with the connection closed under the second batch, without the wait.
t.test('a store that is closed answers first what it was asked', async (t) => {
  const { db, pool, url } = await freshDatabase(t);
  const store = postgresEventStore({
    db,
    pool,
    connect: () => openPipeline(url),
    onError: (error) => t.fail(error.message),
  });
  const asked = [1, 2, 3].map((n) => store.append(append(`s-${n}`, events(1), 0)));
  await store.close();
  for (const answer of await Promise.all(asked)) t.match(answer, { outcome: 'stored' });
});

t.test('a connection that breaks while idle is replaced', async (t) => {
  const { db, store } = await freshStore(t);
  await store.append(append('s-1', events(1), 0));
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like '%append_event%'
      and pid <> pg_backend_pid()`.execute(db);
  t.match(await store.append(append('s-1', events(1), 1)), { outcome: 'stored', position: 2 });
});

// Seen to fail with the batch's error given to all of it.
t.test('an event that the database refuses fails alone', async (t) => {
  const { db, store } = await freshStore(t);
  await sql`alter table events add constraint no_refused check (type <> 'Refused')`.execute(db);
  const answers = await Promise.allSettled([
    store.append(append('s-1', events(1), 0)),
    store.append(append('s-2', [{ ...event(), type: 'Refused' }], 0)),
    store.append(append('s-3', events(2), 0)),
  ]);
  t.strictSame(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.match(answers[1], { reason: { constraint: 'no_refused' } });
  t.equal(await store.head(), 3);
});

// What a service does while another holds the lock too long: it answers, and stores nothing late.
t.test('an append that cannot have the lock is refused, and leaves nothing', async (t) => {
  const { url, store } = await freshStore(t);
  const holder = new pg.Client(url);
  await holder.connect();
  t.teardown(() => holder.end());
  await holder.query('begin');
  await holder.query('select pg_advisory_xact_lock(7205880)');
  const refused = await store.append(append('s-1', events(1), 0)).catch((error) => error);
  t.match(refused, { code: '55P03' });
  await holder.query('rollback');
  t.match(await store.append(append('s-2', events(1), 0)), { position: 1 });
  t.strictSame(await store.readStream('s-1'), []);
});
