import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { controlRevisions } from '../../src/import/control-revisions.ts';
import { freshDatabase, openStore } from '../db.ts';
import { importRows } from '../import/importing.ts';
import { controlRow } from '../import/rows.ts';
import { get, recordSeed, testService } from '../service.ts';
import { run } from './command.ts';

const conflict = 'russia-ukraine-2022';
const asOf = '10 September 2022';
const rows = [
  controlRow('aaaaaaaaaaaa', 'Lyman', 'Russia', '30 May 2022', '31 August 2022 00h41 UTC'),
  controlRow('bbbbbbbbbbbb', 'Lyman', 'Ukraine', asOf, `${asOf} 12h22 UTC`),
  controlRow('cccccccccccc', 'Lyman', 'Contested', asOf, `${asOf} 20h50 UTC`),
];

// Where an event stands in a log, and when it was recorded there, is of that log alone.
const ofTheLog = new Set(['position', 'made', 'recorded_at', 'as_of', 'next_cursor', 'next_after']);

/** A view without what is of the log alone, and its lists in one order. */
function facts(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(facts).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !ofTheLog.has(name));
  return Object.fromEntries(members.map(([name, one]) => [name, facts(one)]));
}

async function viewsOf(url: string, position: number) {
  const wait = `min_position=${position}&wait_ms=10000`;
  const paths = [
    `/v1/conflicts/${conflict}/status?${wait}`,
    `/v1/timeline?conflict=${conflict}&limit=1000&${wait}`,
    ...['conflicts', 'actors', 'places', 'reports'].map((name) => `/v1/${name}?limit=1000&${wait}`),
  ];
  return Promise.all(
    paths.map(async (path) => {
      const { status, body } = await get(url + path);
      if (status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
      return facts(body);
    }),
  );
}

t.test('an export, recorded anew: same events, same views, in two parts as in one', async (t) => {
  const one = await testService(t);
  await recordSeed(one.url);
  const pool = openPool(one.databaseUrl, () => undefined);
  const store = openStore(t, { url: one.databaseUrl, pool, db: openDb(pool) });
  t.teardown(() => pool.end());
  await importRows(t, store, controlRevisions, rows);
  const head = await store.head();
  const dir = t.testdir();
  const [early, late] = [join(dir, 'early.ndjson'), join(dir, 'late.ndjson')];
  const first = await run(one.databaseUrl, 'export', '--to', '20', '--out', early, '--json');
  t.match(
    { ...first, stdout: JSON.parse(first.stdout) },
    { code: 0, stdout: { events: 20, head } },
  );
  const rest = await run(one.databaseUrl, 'export', '--from', '21', '--out', late);
  t.match(rest, { code: 0, stderr: `${head - 20} events, positions 21 to ${head}` });
  t.match(JSON.parse((await readFile(late, 'utf8')).split('\n')[0] as string), {
    ...{ specversion: '1.0', source: 'urn:frontlog', position: 21, datacontenttype: /json/ },
  });

  const copy = await freshDatabase(t);
  const imported = await run(copy.url, 'import', 'cloudevents', early, late, '--json');
  t.equal(imported.code, 0, imported.stdout);
  const copied = openStore(t, copy);
  const eventsOf = async (log: typeof store) =>
    (await log.readLog(0, 1_000, 8 * 1024 * 1024)).map(
      ({ id, stream, version, type, schema_version, data }) => ({
        ...{ id, stream, version, type, schema_version, data },
      }),
    );
  const [ours, theirs] = [await eventsOf(store), await eventsOf(copied)];
  t.strictSame(facts(theirs), facts(ours));
  const begun = (events: typeof ours) =>
    events.filter(({ version }) => version === 1).map(({ stream }) => stream);
  t.strictSame(begun(theirs), begun(ours), 'what was said on one day stays in its order');
  const other = await testService(t, { like: { ...one, databaseUrl: copy.url } });
  t.strictSame(await viewsOf(other.url, head), await viewsOf(one.url, head));
  const again = await run(copy.url, 'import', 'cloudevents', early, late);
  t.match(again, { code: 0, stdout: /20 rows read, 0 recorded, 20 already known/ });
});

t.test('a range that cannot be is refused; an empty one is empty', async (t) => {
  const { url } = await freshDatabase(t);
  t.match(await run(url, 'export', '--from', '0'), { code: 2, stderr: /--from: a position/ });
  t.match(await run(url, 'export', '--json'), { code: 2, stderr: /needs --out/ });
  t.match(await run(url, 'export'), { code: 0, stdout: '', stderr: /^0 events/ });
});
