/** What Prometheus gets. */
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { get, post, recordSeed, testService } from '../service.ts';

t.test('requests, appends and the views are measured', async (t) => {
  const { url } = await testService(t);
  const position = await recordSeed(url);
  await get(`${url}/v1/timeline?min_position=${position}&wait_ms=10000`);
  t.equal((await post(`${url}/v1/actors`, { id: 'x' })).status, 400);
  const values = await scrape(url);
  t.equal(values.get('frontlog_log_head_position'), position);
  t.equal(values.get('frontlog_append_duration_seconds_count{outcome="stored"}'), position);
  t.equal(values.get('frontlog_append_batch_events_sum'), position);
  t.equal(values.get('frontlog_append_conflicts_total'), 0);
  t.equal(
    values.get(
      'frontlog_http_request_duration_seconds_count{method="POST",route="/v1/actors",status="400"}',
    ),
    1,
  );
  t.equal(values.get('frontlog_projection_position{projection="timeline"}'), position);
  t.equal(values.get('frontlog_projection_lag_events{projection="timeline"}'), 0);
  t.equal(values.get('frontlog_projection_running{projection="timeline"}'), 1);
  t.equal(values.get('frontlog_relay_state{state="waiting"}'), 1);
  t.equal(values.get('frontlog_relay_lag_events'), position);
  t.ok((values.get('frontlog_relay_lag_seconds') as number) > 0);
  t.equal(values.get('frontlog_database_up'), 1);
  t.ok((values.get('frontlog_pool_connections{state="idle"}') as number) > 0);
  t.ok((values.get('process_cpu_seconds_total') as number) > 0);
});

t.test('the dashboard and the alerts ask for metrics that there are', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const text = await (await fetch(`${url}/metrics`)).text();
  const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  for (const file of ['grafana-dashboard.json', 'alerts.yml']) {
    const asks = await readFile(new URL(`../../docs/monitoring/${file}`, import.meta.url), 'utf8');
    const names = [...asks.matchAll(/\b(?:frontlog|process)_\w+/g)].map(([name]) => name);
    t.ok(names.length > 5);
    for (const name of new Set(names)) {
      t.ok(there.has(name.replace(/_(bucket|count|sum)$/, '')) || there.has(name), name);
    }
  }
});

t.test('a batch that waits for the lock is seen', async (t) => {
  const { url, databaseUrl } = await testService(t);
  const db = openDb(openPool(databaseUrl, () => {}));
  t.teardown(() => db.destroy());
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(7205880)`.execute(transaction);
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const append = post(`${url}/v1/actors`, { id: 'x', name: 'X', kind: 'agency' });
  while ((await scrape(url)).get('frontlog_append_lock_waiters') !== 1);
  release.resolve();
  await holding;
  t.equal((await append).status, 201);
  t.equal((await scrape(url)).get('frontlog_append_lock_waiters'), 0);
});

t.test('with the log away, what is known is told and nothing else', async (t) => {
  const { url, databaseUrl } = await testService(t);
  await recordSeed(url);
  const { pathname } = new URL(databaseUrl);
  const name = pathname.slice(1);
  const admin = openDb(openPool(process.env.TEST_DATABASE_URL as string, () => {}));
  t.teardown(() => admin.destroy());
  await sql`alter database ${sql.id(name)} with allow_connections false`.execute(admin);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`.execute(
    admin,
  );
  const values = await scrape(url);
  t.equal(values.get('frontlog_database_up'), 0);
  t.equal(values.get('frontlog_log_head_position'), undefined);
  t.ok((values.get('frontlog_append_batch_events_count') as number) > 0);
  await sql`alter database ${sql.id(name)} with allow_connections true`.execute(admin);
  while ((await scrape(url)).get('frontlog_database_up') !== 1);
  t.ok((await scrape(url)).get('frontlog_log_head_position'));
});

async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`);
  if (response.status !== 200) throw new Error(await response.text());
  const text = await response.text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
