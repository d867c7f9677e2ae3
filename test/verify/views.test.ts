/** Views that are not what the log makes of them are named, with the row and its position. */
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { findGeneration } from '../../src/projections/generations.ts';
import { tableOf } from '../../src/projections/rows.ts';
import { projections } from '../../src/service.ts';
import { verifyViews } from '../../src/verify/views.ts';
import { openStore } from '../db.ts';
import { get, post, recordSeed, testService } from '../service.ts';

t.test('views are verified while the service goes on', async (t) => {
  const { url, databaseUrl } = await testService(t);
  const position = await recordSeed(url);
  await get(`${url}/v1/timeline?min_position=${position}&wait_ms=10000`);
  for (const path of [
    '/v1/claims',
    '/v1/negotiations',
    '/v1/actors',
    '/v1/conflicts/ru-ua/status',
  ]) {
    const { status } = await get(`${url}${path}?min_position=${position}&wait_ms=10000`);
    t.not(status, 503, path);
  }
  const pool = openPool(databaseUrl, () => {});
  const db = openDb(pool);
  t.teardown(() => db.destroy());
  const store = openStore(t, { url: databaseUrl, pool, db });

  const { rows, findings } = await verifyViews(db, store, projections);
  t.strictSame(findings, []);
  t.ok(rows > position);
  // What the replay had is gone, in this connection too.
  const left = await sql`select 1 from pg_class where relname like '%_g0_%'`.execute(db);
  t.strictSame(left.rows, []);

  for (const projection of projections) {
    const live = await findGeneration(db, projection, 'live');
    const [name] = Object.keys(projection.tables) as [string];
    const table = sql.table(tableOf(projection, live?.generation as number, name));
    const [row] = (
      await sql<{ ctid: string; since: number; body: object }>`
        select ctid::text, since, body from ${table} order by since limit 1`.execute(db)
    ).rows as [{ ctid: string; since: number; body: object }];
    await sql`update ${table} set body = '{}' where ctid = ${row.ctid}::tid`.execute(db);
    const told = async (what: string, since: number) => {
      const { findings } = await verifyViews(db, store, projections);
      t.match(findings, [{ check: 'views', position: since }], `${projection.name}: ${what}`);
      t.match(findings[0]?.detail, projection.name);
    };
    await told('changed', row.since);
    await sql`update ${table} set body = ${JSON.stringify(row.body)}::json
      where body::text = '{}'`.execute(db);
    await sql`create table taken as select * from ${table} where since = ${row.since}
      and body::text = ${JSON.stringify(row.body)} limit 1`.execute(db);
    await sql`delete from ${table} where ctid = (select l.ctid from ${table} l, taken
      where l.since = taken.since and l.body::text = taken.body::text limit 1)`.execute(db);
    await told('missing', row.since);
    await sql`insert into ${table} select * from taken`.execute(db);
    await sql`update taken set since = 0`.execute(db);
    await sql`insert into ${table} select * from taken`.execute(db);
    await told('extra', 0);
    await sql`delete from ${table} where since = 0`.execute(db);
    await sql`drop table taken`.execute(db);
  }
  t.equal((await post(`${url}/v1/actors`, { name: 'X', kind: 'agency' })).status, 201);
});
