/** What the pool does where PostgreSQL gives it no further connection: a role may have but so many. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import t from 'tap';
import { openPool } from '../src/db.ts';
import { freshDatabase } from './db.ts';

const tooMany = { code: '53300' };

async function limitedTo(t: Tap, connections: number) {
  const { url, db } = await freshDatabase(t);
  const name = `test_${randomUUID()}`;
  const [role, password] = [sql.id(name), sql.lit(name)];
  await sql`create role ${role} login password ${password}
    connection limit ${sql.lit(connections)}`.execute(db);
  const own = new URL(url);
  own.username = name;
  own.password = name;
  const pool = openPool(own.href, () => undefined);
  t.teardown(async () => {
    await pool.end();
    await sql`drop role ${role}`.execute(db);
  });
  return { pool, db, role };
}
type Tap = Parameters<typeof freshDatabase>[0];

// Seen to fail without `#another`.
t.test('who is refused a connection waits for one of those that are there', async (t) => {
  const { pool } = await limitedTo(t, 2);
  const held = await pool.connect();
  const ask = async (n: number) => (await pool.query('select $1::integer as n', [n])).rows;
  const asked = Array.from({ length: 30 }, (_, n) => ask(n));
  t.strictSame(
    await Promise.all(asked),
    asked.map((_, n) => [{ n }]),
  );
  t.equal(pool.totalCount, 2);
  held.release();
  t.strictSame(await ask(1), [{ n: 1 }]);
});

// Seen to fail without `deadline`, by waiting on.
t.test('for no longer than the time to connect', async (t) => {
  const { pool } = await limitedTo(t, 1);
  const held = await pool.connect();
  await t.rejects(pool.connect(), /too many connections|timeout exceeded/);
  held.release();
});

t.test('with none open it is told why', async (t) => {
  const { pool } = await limitedTo(t, 0);
  await t.rejects(pool.connect(), tooMany);
  await t.rejects(pool.query('select'), tooMany);
});

// Seen to fail with nobody who tries again, and with the pool's limit left as it was then.
t.test('once there is room, there are more', async (t) => {
  const { pool, db, role } = await limitedTo(t, 1);
  const held = [await pool.connect()];
  const asked = [1, 2, 3].map(() => pool.connect());
  while (pool.waitingCount < asked.length) await sleep(5);
  await sql`alter role ${role} connection limit 4`.execute(db);
  held.push(...(await Promise.all(asked)));
  t.equal(pool.totalCount, 4);
  for (const client of held) client.release();
});
