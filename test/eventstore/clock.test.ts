/** PostgreSQL's clock jumps, forth and back: times never decrease, and nothing else minds. */
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { verifyLog } from '../../src/verify/log.ts';
import { get, post, testService } from '../service.ts';
import { mutate } from './mutate.ts';

// Seen to fail, where the clock goes back, with `clock_timestamp()` alone in the functions: times
// decrease, `verify` says so, and `known_at` finds less than had been recorded.
t.test('the clock jumps a day ahead, two days back, and to now', async (t) => {
  const { url, databaseUrl } = await testService(t);
  const db = openDb(openPool(databaseUrl, () => undefined));
  t.teardown(() => db.destroy());
  await sql`create table jumps (by interval not null)`.execute(db);
  await sql`insert into jumps values ('0')`.execute(db);
  await sql`create function jumping_clock() returns timestamptz language sql as
    'select clock_timestamp() + by from jumps'`.execute(db);
  for (const name of ['append_events', 'append_new_streams', 'append_event']) {
    await mutate(db, name, 'clock_timestamp()', 'jumping_clock()');
  }
  let position = 0;
  const record = async (name: string) => {
    const { status, body } = await post(`${url}/v1/actors`, { name, kind: 'agency' });
    t.equal(status, 201);
    position = body.position as number;
    const [event] = (
      await get<{ items: [{ recorded_at: string }] }>(
        `${url}/v1/events?after=${position - 1}&limit=1`,
      )
    ).body.items;
    return event.recorded_at;
  };
  const times = [];
  for (const by of ['0', '1 day', '-1 day', '0']) {
    await sql`update jumps set by = ${by}::interval`.execute(db);
    // Alone, and beside another: they take two ways into the log.
    times.push(
      await record(`alone ${by}`),
      ...(await Promise.all([record('a'), record('b')])).sort(),
    );
  }
  t.strictSame(times, times.toSorted(), 'no time is before the last');
  t.ok(Date.parse(times[3] as string) > Date.now(), 'what was ahead stays as it was recorded');
  t.strictSame((await verifyLog(db)).findings, []);
  const last = times.at(-1) as string;
  const seen = `${url}/v1/actors?limit=100&min_position=${position}&wait_ms=10000`;
  const { body } = await get<{ items: object[] }>(`${seen}&known_at=${last}`);
  t.equal(body.items.length, 12, 'all had been recorded by the time of the last');
  const early = await get<{ items: object[] }>(`${seen}&known_at=${times[2]}`);
  t.equal(early.body.items.length, 3);
  t.match(await get(`${url}/readyz`), { status: 200, body: { status: 'ready', head: 12 } });
});
