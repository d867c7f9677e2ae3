import { readFile, writeFile } from 'node:fs/promises';
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
  for (const [words, said] of [
    [['rumours'], /there is no "rumours" to export, only events, timeline, claims/],
    [['claims', '--format', 'pdf'], /--format: one of ndjson, csv, geojson/],
    [['claims', '--at', '-1'], /--at: a position/],
    [['--format', 'csv'], /--format: .*export the timeline/],
    [['events', '--conflict', 'a'], /--conflict: .*export the timeline/],
    [['timeline', '--json'], /needs --out/],
  ] as const) {
    t.match(await run(url, 'export', ...words), { code: 2, stdout: '', stderr: said });
  }
});

const media = { ndjson: 'application/x-ndjson', csv: 'text/csv', geojson: 'application/geo+json' };

// More than a page, so that what is exported is put together of several.
t.test('the timeline and the claims, as the API has them, in each format', async (t) => {
  const { url, databaseUrl } = await testService(t);
  await recordSeed(url);
  const text = (n: number) => ({ kind: 'statement', text: `=${n}` });
  const more = Array.from({ length: 600 }, (_, n) => ({
    ...{ specversion: '1.0', id: `${n}`, source: 'urn:test', type: 'frontlog.claim-made.v1' },
    data: {
      ...{ claim_id: `c-${n}`, conflict_id: conflict, asserted_at: '2022-09-12' },
      attribution: { claimant_id: 'ua-armed-forces', chain: [] },
      proposition: text(n),
    },
  }));
  const file = join(t.testdir(), 'more.ndjson');
  await writeFile(file, more.map((one) => `${JSON.stringify(one)}\n`).join(''));
  t.match(await run(databaseUrl, 'import', 'cloudevents', file), { code: 0 });
  const { head } = (await get<{ head: number }>(`${url}/readyz`)).body;

  for (const view of ['timeline', 'claims'] as const) {
    const asked = `sort=position&order=asc&at_position=${head}&min_position=${head}&wait_ms=10000`;
    const answer = async (format: keyof typeof media) => {
      const headers = { accept: media[format] };
      const limit = format === 'ndjson' ? '' : '&limit=1000';
      return (await fetch(`${url}/v1/${view}?${asked}${limit}`, { headers })).text();
    };
    const exported = async (...words: string[]) => {
      const { code, stdout, stderr } = await run(databaseUrl, 'export', view, ...words);
      t.match({ code, stderr }, { code: 0, stderr: new RegExp(`^\\d+ ${view}, positions `) });
      return stdout;
    };
    t.equal(await exported(), await answer('ndjson'), `${view} as JSON lines`);
    t.equal(await exported('--format', 'csv'), await answer('csv'), `${view} as CSV`);
    const { features, as_of, type } = JSON.parse(await exported('--format', 'geojson'));
    const map = JSON.parse(await answer('geojson'));
    t.strictSame(
      { features, as_of, type },
      { features: map.features, as_of: map.as_of, type: map.type },
    );

    const positionsIn = (lines: string) =>
      lines
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).position as number);
    const all = positionsIn(await answer('ndjson'));
    const [from, to] = [25, head - 10];
    const range = ['--from', `${from}`, '--to', `${to}`];
    const within = all.filter((position) => position >= from && position <= to);
    t.ok(within.length > 500);
    t.strictSame(positionsIn(await exported(...range)), within);
    const early = positionsIn(await exported('--at', '28'));
    t.strictSame(
      early,
      all.filter((position) => position <= 28),
    );
    t.equal(await exported('--conflict', 'another'), '');
    t.match(await exported('--conflict', 'another', '--format', 'csv'), /^\w+,\S*\r\n$/);
    const none = JSON.parse(await exported('--conflict', 'another', '--format', 'geojson'));
    t.match(none, { type: 'FeatureCollection', features: [], as_of: { position: head } });
  }
  const out = join(t.testdir(), 'claims.csv');
  const said = await run(
    databaseUrl,
    'export',
    'claims',
    '--format',
    'csv',
    '--out',
    out,
    '--json',
  );
  t.match(
    { ...said, stdout: JSON.parse(said.stdout) },
    {
      ...{ code: 0, stderr: '' },
      stdout: { claims: Number, from: 1, to: head, as_of: { position: head }, head, file: out },
    },
  );
  const beyond = ['claims', '--at', `${head + 1}`];
  t.match(await run(databaseUrl, 'export', ...beyond), { code: 2, stderr: /the log ends at/ });
});

t.test('views that are not where the log is are not exported', async (t) => {
  const { url, databaseUrl } = await testService(t, { environment: { ROLES: 'api' } });
  await recordSeed(url);
  const late = await run(databaseUrl, 'export', 'claims');
  t.match(late, { code: 3, stdout: '', stderr: /at position 0, not yet at 31: .*projector/ });
});
