/** Connections of the pool, and the statements that they keep prepared. */
import { sql } from 'kysely';
import t from 'tap';
import { connectionOptions } from '../src/db.ts';
import { int8Array, textArray } from '../src/eventstore/binary-array.ts';
import { PooledClient, prepared } from '../src/pooled-client.ts';
import { freshDatabase } from './db.ts';

const mark = '/* prepared */';

async function openClient(t: Tap, options = {}) {
  const { url } = await freshDatabase(t);
  const client = new PooledClient({ ...connectionOptions(url), ...options });
  client.on('error', () => undefined);
  await client.connect();
  t.teardown(() => client.end());
  const query = client.query as unknown as (
    text: string,
    values?: unknown[],
  ) => Promise<{ rows: Record<string, unknown>[] }>;
  const ask = async (text: string, values: unknown[] = []) =>
    (await query.call(client, text, values)).rows;
  const kept = async () =>
    (await ask('select statement from pg_prepared_statements order by prepare_time')).map(
      ({ statement }) => statement,
    );
  return { client, ask, kept };
}
type Tap = Parameters<typeof freshDatabase>[0];

t.test('what is marked is prepared once, and answers as what is not', async (t) => {
  const { ask, kept } = await openClient(t);
  const text = `select $1::text as text, $2::bigint as number, $3::text[] as texts,
    $4::bigint[] as numbers, $5::text as nothing, '2022-09-12 01:02:03.000456+00'::timestamptz as at,
    json_build_object('a', 1) as json, n from generate_series(1, 2) n`;
  const values = ['ü', 2 ** 40, textArray(['a', '']), int8Array([7, null]), null];
  const plain = await ask(text, values);
  t.equal(plain.length, 2);
  for (const _ of [1, 2, 3]) t.strictSame(await ask(mark + text, values), plain);
  t.strictSame(await ask(`${mark}select 1 where false`), []);
  t.strictSame(await ask(`${mark}select 1 where false`), []);
  t.strictSame(await kept(), [mark + text, `${mark}select 1 where false`]);
});

// Seen to fail without `forget`, without its message to the server, and with the driver's own note
// left where it is.
t.test('no more are kept than a hundred: those that were run last', async (t) => {
  const { client, ask, kept } = await openClient(t);
  const run = (n: number) => ask(`${mark}select ${n} as n`);
  const own = (n: number) => `${mark}select ${n} as n`;
  for (let n = 0; n < 100; n += 1) await run(n);
  t.strictSame(await run(0), [{ n: 0 }]);
  for (let n = 100; n < 150; n += 1) t.strictSame(await run(n), [{ n }]);
  const left = [own(0), ...Array.from({ length: 99 }, (_, i) => own(51 + i))];
  t.strictSame(await kept(), left);
  const { parsedStatements } = client.connection as unknown as {
    parsedStatements: Record<string, string>;
  };
  t.strictSame(Object.values(parsedStatements).sort(), left.sort());
  t.strictSame(await run(7), [{ n: 7 }]);
  t.strictSame(await run(7), [{ n: 7 }]);
});

t.test('what fails fails alone', async (t) => {
  const { ask } = await openClient(t);
  for (const _ of [1, 2]) {
    await t.rejects(ask(`${mark}select 1 / $1::integer as n`, [0]), { code: '22012' });
    t.strictSame(await ask(`${mark}select 1 / $1::integer as n`, [1]), [{ n: 1 }]);
    await t.rejects(ask(`${mark}select * from nothing`), { code: '42P01' });
  }
  await ask('create table nothing (n integer)');
  t.strictSame(await ask(`${mark}select * from nothing`), []);
  // As when a rebuild makes a table that an earlier one was dropped of.
  await ask('drop table nothing');
  await t.rejects(ask(`${mark}select * from nothing`), { code: '42P01' });
  await ask('create table nothing (n integer)');
  await ask('insert into nothing values (5)');
  t.strictSame(await ask(`${mark}select * from nothing`), [{ n: 5 }]);
});

// Seen to fail where the client is not told that there is an answer: it watches on.
t.test('an answer that does not come is given up, and is watched for no longer', async (t) => {
  const { ask } = await openClient(t, { query_timeout: 500 });
  const sleep = (s: number) => ask(`${mark}select pg_sleep($1)`, [s]);
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const before = timers();
  for (const s of [0, 0]) t.match(await sleep(s), [{ pg_sleep: '' }]);
  t.equal(timers(), before);
  const silence = { message: 'Query read timeout' };
  await t.rejects(sleep(2), silence);
  await t.rejects(ask(`${mark}select pg_sleep($1) as s`, [3]), silence);
});

t.test('in Kysely a statement is marked by its beginning', async (t) => {
  const { db, pool } = await freshDatabase(t);
  pool.options.max = 1;
  const kept = sql<{ n: number }>`select count(*)::integer as n from pg_prepared_statements`;
  for (const n of [3, 4]) {
    const { rows } = await sql<{ n: number }>`${prepared} select ${n}::integer as n`.execute(db);
    t.strictSame(rows, [{ n }]);
  }
  t.strictSame((await kept.execute(db)).rows, [{ n: 1 }]);
});
