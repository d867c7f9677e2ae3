import t from 'tap';
import { get, post, recordSeed, testService } from '../service.ts';
import { forgedCursor } from './forged.ts';

type Page = { items: Record<string, unknown>[]; next_cursor: string | null; as_of: object };

t.test('the register is listed by id, page by page, and filtered', async (t) => {
  const { url } = await testService(t);
  const last = await recordSeed(url);
  const wait = `min_position=${last}`;
  const seen: unknown[] = [];
  for (let path: string | null = `/v1/actors?${wait}&limit=3`; path !== null; ) {
    const page: Awaited<ReturnType<typeof get<Page>>> = await get<Page>(url + path);
    t.ok(page.body.items.length <= 3);
    seen.push(...page.body.items.map(({ id }) => id));
    t.equal(page.headers.get('x-position'), String(last));
    const link = page.headers.get('link');
    t.equal(link === null, page.body.next_cursor === null);
    path = /^<([^>]+)>; rel="next"$/.exec(link ?? '')?.[1] ?? null;
  }
  const ids = ['afp', 'cnn', 'cnn-indonesia', 'kremlin-peskov', 'ru', 'ru-mod', 'ua'];
  t.strictSame(seen, [...ids, 'ua-armed-forces']);
  const filtered = async (path: string) =>
    (await get<Page>(`${url}${path}`)).body.items.map(({ id }) => id);
  t.strictSame(await filtered('/v1/actors?kind=state'), ['ru', 'ua']);
  t.strictSame(await filtered('/v1/places?within=iso:UA'), ['iso:UA-63']);
  t.strictSame(await filtered('/v1/reports?outlet=cnn'), []);
  t.strictSame(await filtered('/v1/conflicts'), ['russia-ukraine-2022']);
});

t.test('an entry is as its events left it', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const report = `${url}/v1/reports/cnn-indonesia-2022-09-12`;
  await post(`${url}/v1/actors/afp/renamings`, { name: 'Agence France-Presse' });
  await post(`${url}/v1/places/geonames:707292/aliases`, { alias: 'Изюм', language: 'uk' });
  await post(`${report}/corrections`, { headline: 'H', reason: 'shorter' });
  const { body } = await post(`${report}/retraction`, { reason: 'withdrawn' });
  const wait = `?min_position=${body.position}`;
  t.match((await get(`${url}/v1/actors/afp${wait}`)).body, {
    id: 'afp',
    name: 'Agence France-Presse',
    former_names: ['AFP'],
    version: 2,
    as_of: { position: body.position },
  });
  t.match((await get(`${url}/v1/places/geonames:707292${wait}`)).body, {
    aliases: ['Izyum', 'Изюм'],
    within: 'iso:UA-63',
  });
  t.match((await get(report + wait)).body, {
    headline: 'H',
    report_version: 2,
    lifecycle: 'retracted',
    reason: 'withdrawn',
  });
});

// Seen to fail with the words of the query taken as they are, and with an edge left out of the box.
t.test('the register is found by names, on the map, by address and by time', async (t) => {
  const { url } = await testService(t);
  const points: [string, string, number[] | undefined, string[]][] = [
    ['izium', 'Izium', [37.26, 49.21], ['Ізюм']],
    ['lyman-kharkiv', 'Lyman', [36.5, 49.6], []],
    ['lyman-donetsk', 'Lyman', [37.8, 48.99], ['Krasnyi Lyman']],
    ['fiji', 'Fiji', [179.5, -17.8], []],
    ['somewhere', 'A Village', undefined, []],
  ];
  for (const [id, name, point, aliases] of points) {
    await post(`${url}/v1/places`, { id, name, aliases, ...(point && { point }) });
  }
  await post(`${url}/v1/actors`, { id: 'ru', name: 'Russia', kind: 'state' });
  await post(`${url}/v1/actors`, { id: 'mod', name: 'Ministry', kind: 'ministry', part_of: 'ru' });
  await post(`${url}/v1/actors/mod/renamings`, { name: 'Defence' });
  await post(`${url}/v1/actors`, { id: 'cnn', name: 'CNN', kind: 'outlet' });
  let last = 0;
  for (const [id, language, day] of [
    ['r1', 'en', '11'],
    ['r2', 'uk', '12'],
  ]) {
    const { body } = await post(`${url}/v1/reports`, {
      ...{ id, outlet_id: 'cnn', language, headline: `News of day ${day}` },
      url: `https://example.org/${id}`,
      published_at: `2022-09-${day}T10:00:00Z`,
    });
    last = body.position as number;
  }
  const found = async (path: string) => {
    const page = await get<Page>(`${url}/v1/${path}&min_position=${last}`);
    t.equal(page.status, 200, JSON.stringify(page.body));
    return page.body.items.map(({ id }) => id);
  };
  const both = ['lyman-donetsk', 'lyman-kharkiv'];
  t.strictSame(await found('places?q=lyman'), both, 'two places of one name are two places');
  t.strictSame(await found('places?q=LYMAN+krasnyi'), ['lyman-donetsk']);
  t.strictSame(await found(`places?q=${encodeURIComponent('ізюм')}`), ['izium']);
  t.strictSame(await found('places?q=lym'), []);
  t.strictSame(await found('places?bbox=36.5,49.21,37.26,49.6'), ['izium', 'lyman-kharkiv']);
  t.strictSame(await found('places?bbox=36.5,49.21,37.26,49.6&q=lyman'), ['lyman-kharkiv']);
  t.strictSame(await found('places?bbox=179,-20,-179,-10'), ['fiji'], 'over the antimeridian');
  t.strictSame(await found('actors?part_of=ru'), ['mod']);
  t.strictSame(await found('actors?q=ministry'), ['mod'], 'by a former name');
  t.strictSame(await found('actors?q=defence&kind=state'), []);
  t.strictSame(await found('reports?url=https://example.org/r2'), ['r2']);
  t.strictSame(await found('reports?url=https://example.org/r3'), []);
  t.strictSame(await found('reports?language=uk'), ['r2']);
  t.strictSame(await found('reports?outlet=cnn&q=news'), ['r1', 'r2']);
  t.strictSame(await found('reports?published_from=2022-09-12'), ['r2']);
  t.strictSame(await found('reports?published_to=2022-09-11'), ['r1']);
  const retracted = await post(`${url}/v1/reports/r1/retraction`, { reason: 'r' });
  last = retracted.body.position as number;
  t.strictSame(await found('reports?lifecycle=retracted'), ['r1']);
  t.strictSame(await found('reports?lifecycle=active'), ['r2']);
  const then = `reports?lifecycle=retracted&at_position=${last - 1}`;
  t.strictSame(await found(then), []);

  const geo = { accept: 'application/geo+json' };
  t.match(await get(`${url}/v1/places/izium`, geo), {
    headers: { get: Function },
    body: {
      type: 'Feature',
      id: 'izium',
      geometry: { type: 'Point', coordinates: [37.26, 49.21] },
      properties: { name: 'Izium', claimant_id: null },
      as_of: { position: last },
    },
  });
  t.match((await get(`${url}/v1/places/somewhere`, geo)).body, { geometry: null });
  t.match(await get(`${url}/v1/places/nowhere`, geo), { status: 404 });
  t.match(await get(`${url}/v1/places/izium`, { accept: 'text/csv' }), { status: 406 });
  for (const query of ['bbox=1,2,3', 'bbox=0,9,1,8', 'bbox=0,0,200,1', 'q=%2B', 'q=']) {
    t.match(await get(`${url}/v1/places?${query}`), { status: 400 }, query);
  }
  t.match(await get(`${url}/v1/actors?bbox=1,2,3,4`), { status: 400 });
});

// Seen to fail with any text taken for an id that a page ended with.
t.test('what is not registered is not found; forged cursors are refused', async (t) => {
  const { url } = await testService(t);
  for (const path of ['/v1/actors/x', '/v1/places/iso:XX', '/v1/reports/x', '/v1/conflicts/x']) {
    t.match(await get(url + path), { status: 404, body: { code: 'not-found' } }, path);
  }
  for (const cursor of ['e', 'AAAA', '____', 'YWJ']) {
    const forged = await get(`${url}/v1/actors?cursor=${cursor}`);
    t.match(forged, { status: 400, body: { errors: [{ pointer: '/cursor' }] } }, cursor);
  }
  const lists = ['actor', 'conflict', 'place', 'report', 'negotiation'];
  for (const list of lists) {
    for (const text of ['x', '12~34', '5', ...lists.map((one) => `${one}-x`)]) {
      const cursor = forgedCursor(text);
      const { status } = await get(`${url}/v1/${list}s?cursor=${cursor}`);
      t.equal(status, text === `${list}-x` ? 200 : 400, `${list}: ${text}`);
    }
  }
  for (const query of ['limit=0', 'limit=1001', 'order=asc', 'kind=planet']) {
    t.equal((await get(`${url}/v1/actors?${query}`)).status, 400, query);
  }
});
