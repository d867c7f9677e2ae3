/** A log that is new: PostgreSQL has no statistics of it until autovacuum comes by. */
import t from 'tap';
import { freshStore } from '../db.ts';
import { append, event } from './events.ts';

const streams = 5_000;

// Seen to fail with `stream = any (...)`: 5,000 rows are fetched to find 500.
t.test('streams are found by their index, whatever the planner expects', async (t) => {
  const { store, pool } = await freshStore(t);
  await pool.query('alter table events set (autovacuum_enabled = off)');
  const names = Array.from({ length: streams }, (_, i) => `s-${i}`);
  await Promise.all(names.map((name) => store.append(append(name, [event()]))));
  const { rows } = await pool.query(
    `select count(*)::int from pg_stats where tablename = 'events'`,
  );
  t.strictSame(rows, [{ count: 0 }], 'there are no statistics');
  const asked = names.filter((_, i) => i % 10 === 0);
  const before = await fetched(pool);
  t.equal((await store.readStreams(asked)).length, asked.length);
  const rowsFetched = (await fetched(pool)) - before;
  t.ok(rowsFetched >= asked.length && rowsFetched < 2 * asked.length, `${rowsFetched} fetched`);
});

type Pool = Awaited<ReturnType<typeof freshStore>>['pool'];

// Each connection reports what it did when it is told to, or by and by.
async function fetched(pool: Pool): Promise<number> {
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  for (const client of clients) await client.query('select pg_stat_force_next_flush()');
  for (const client of clients) client.release();
  const { rows } = await pool.query<{ sum: string }>(`
    select seq_tup_read + idx_tup_fetch as sum from pg_stat_user_tables where relname = 'events'`);
  return Number(rows[0]?.sum);
}
