/** Lists in the format that is asked for: CSV, JSON lines, GeoJSON. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get as openGet } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { csvOf } from '../../src/http/csv.ts';
import type { Page } from '../../src/http/formats.ts';
import { geometryOf } from '../../src/http/geojson.ts';
import { timeline } from '../../src/projections/timeline.ts';
import type { TimelineItem } from '../../src/projections/timeline-shown.ts';
import { readVintage } from '../../src/projections/vintage.ts';
import { get, recordSeed, testService } from '../service.ts';
import { isProblem } from './raw.ts';

const item = (value: unknown) => ({ value });
const cell = (value: unknown) => csvOf({ value: (one) => one.value }, [item(value)]).slice(7, -2);

// Seen to fail without `escape_formulas`, and without `guarded` for the line feed.
t.test('CSV is quoted as RFC 4180 has it, and holds no formula', async (t) => {
  for (const start of ['=', '+', '-', '@', '\t', '\uff1d', '\uff0b', '\uff0d', '\uff20']) {
    t.equal(cell(`${start}1+1`), `'${start}1+1`);
  }
  t.equal(cell('\r=1'), `"'\r=1"`);
  t.equal(cell('\n=1'), `"'\n=1"`);
  t.equal(cell('=HYPERLINK("http://x";"y")'), `"'=HYPERLINK(""http://x"";""y"")"`);
  t.equal(cell('a,b'), '"a,b"');
  t.equal(cell('two\nlines'), '"two\nlines"');
  t.equal(cell('Ізюм'), 'Ізюм');
  t.equal(cell(-5.5), '-5.5', 'a number is no formula');
  t.equal(cell(0), '0');
  t.equal(cell(null), '');
  t.equal(cell(undefined), '');
  t.equal(cell(false), 'false');
  t.equal(cell(['ru', 'ua']), '"[""ru"",""ua""]"');
  t.equal(csvOf({ a: () => 1, b: () => 'x' }, []), 'a,b\r\n', 'a header also of nothing');
  t.equal(csvOf({ a: () => 1, b: () => 'x' }, [1, 2]), 'a,b\r\n1,x\r\n1,x\r\n');
});

t.test('places are one point, several, or none', async (t) => {
  t.strictSame(geometryOf([]), null);
  t.strictSame(geometryOf([[37.26, 49.21]]), { type: 'Point', coordinates: [37.26, 49.21] });
  t.match(
    geometryOf([
      [1, 2],
      [3, 4],
    ]),
    {
      type: 'MultiPoint',
      coordinates: [
        [1, 2],
        [3, 4],
      ],
    },
  );
});

t.test('the format is chosen by Accept, and each has a tag of its own', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  const path = `${url}/v1/timeline?limit=5&min_position=${head}`;
  const fetched = (accept: string, more: Record<string, string> = {}) =>
    fetch(path, { headers: { accept, ...more } });
  const types = {
    '*/*': 'application/json; charset=utf-8',
    'text/html,application/xml;q=0.9,*/*;q=0.8': 'application/json; charset=utf-8',
    'text/csv': 'text/csv; charset=utf-8; header=present',
    'text/csv;charset=utf-8': 'text/csv; charset=utf-8; header=present',
    'application/json;q=0.1, text/csv;q=0.2': 'text/csv; charset=utf-8; header=present',
    'application/x-ndjson': 'application/x-ndjson',
  };
  const tags = new Map<string, string>();
  for (const [accept, type] of Object.entries(types)) {
    const answer = await fetched(accept);
    t.match(answer, { status: 200 }, accept);
    t.equal(answer.headers.get('content-type'), type, accept);
    t.equal(answer.headers.get('vary'), 'Accept');
    t.equal(answer.headers.get('x-position'), String(head));
    t.match(answer.headers.get('link'), /^<\/v1\/timeline\?.*cursor=.*>; rel="next"$/);
    const etag = answer.headers.get('etag') as string;
    t.equal(tags.get(type) ?? etag, etag);
    tags.set(type, etag);
    const again = await fetched(accept, { 'if-none-match': etag });
    t.match([again.status, again.headers.get('vary')], [304, 'Accept']);
  }
  t.equal(new Set(tags.values()).size, 3, 'CSV is not JSON, also to a cache');
  for (const accept of ['text/html', 'application/xml, image/*', 'application/json;q=0']) {
    const answer = await fetched(accept);
    const { status, headers } = answer;
    isProblem(t, { status, headers, body: await answer.json() }, 406, accept);
    t.equal(headers.get('vary'), 'Accept');
  }
});

t.test('CSV and JSON lines say what JSON says', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  const path = `/v1/timeline?limit=1000&min_position=${head}`;
  const { items } = (await get<Page<TimelineItem>>(url + path)).body;
  const lines = await textOf(url, path, 'application/x-ndjson');
  t.strictSame(
    lines
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
    items,
  );
  const [header, ...rows] = (await textOf(url, path, 'text/csv')).split('\r\n');
  t.match(header, /^position,event_id,type,stream,/);
  t.strictSame(
    rows.slice(0, -1).map((row) => Number(row.split(',')[0])),
    items.map(({ position }) => position),
  );
  const places = await fetch(`${url}/v1/places?limit=3`, {
    headers: { accept: 'application/geo+json' },
  });
  t.match(await places.json(), {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', id: String, properties: { claimant_id: null, status: null } }],
    as_of: { position: head },
  });
  isProblem(t, await get(`${url}/v1/actors`, { accept: 'application/geo+json' }), 406);
});

// Seen to fail with the first page alone streamed, and with pages read ahead of the client.
t.test('JSON lines walk all pages as the client reads; a cut is seen', async (t) => {
  const { url, databaseUrl } = await testService(t);
  await recordSeed(url);
  const filler = 'x'.repeat(3_000);
  const count = 2_500;
  const head = await recordActs(url, count, filler);
  const path = `/v1/timeline?type=TroopsAdvanced&min_position=${head}&wait_ms=10000`;
  const all = await textOf(url, path, 'application/x-ndjson');
  const positions = all
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).position);
  t.equal(positions.length, count);
  t.equal(new Set(positions).size, count);
  const bounded = await textOf(url, `${path}&limit=7`, 'application/x-ndjson');
  t.equal(bounded.split('\n').length - 1, 7);

  const [answer] = await once(
    openGet(url + path, { headers: { accept: 'application/x-ndjson' } }),
    'response',
  );
  const body = answer as Readable;
  await once(body, 'readable');
  // Nothing more is taken while the table goes away: what was not read then cannot be had. The time
  // is for a server that would read ahead.
  await sleep(1_500);
  await dropItems(databaseUrl);
  let text = '';
  await t.rejects(
    async () => {
      for await (const chunk of body) text += chunk;
    },
    { code: 'ECONNRESET' },
  );
  t.ok(text.split('\n').length < count, 'it was not all read ahead');

  const asked = await fetch(url + path, { method: 'HEAD' });
  t.equal(await asked.text(), '');
});

async function textOf(url: string, path: string, accept: string): Promise<string> {
  const answer = await fetch(url + path, { headers: { accept } });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

async function recordActs(url: string, count: number, filler: string): Promise<number> {
  const events = Array.from({ length: count }, (_, i) => ({
    ...{ specversion: '1.0', id: randomUUID(), source: 'https://example.org' },
    type: 'frontlog.troops-advanced.v1',
    data: {
      conflict_id: 'russia-ukraine-2022',
      actor_id: 'ua',
      attribution: { claimant_id: 'ua', chain: [], quote: { text: filler, language: 'en' } },
      asserted_at: `2022-09-${String(1 + (i % 28)).padStart(2, '0')}`,
      to: ['geonames:707292'],
      stated_purpose: `${i}`,
      basis: 'claimed',
    },
  }));
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  });
  const results = (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { summary } = results.pop();
  if (summary.recorded !== count) throw new Error(JSON.stringify(results[0]));
  return results.at(-1).position;
}

async function dropItems(databaseUrl: string): Promise<void> {
  const db = openDb(openPool(databaseUrl, () => undefined));
  const { table } = await readVintage(db, [timeline]);
  await sql`drop table ${sql.table(table(timeline, 'items'))}`.execute(db);
  await db.destroy();
}
