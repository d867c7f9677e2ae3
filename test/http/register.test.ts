import t from 'tap';
import { get, post, recordSeed, testService } from '../service.ts';

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

t.test('what is not registered is not found; forged cursors are refused', async (t) => {
  const { url } = await testService(t);
  for (const path of ['/v1/actors/x', '/v1/places/iso:XX', '/v1/reports/x', '/v1/conflicts/x']) {
    t.match(await get(url + path), { status: 404, body: { code: 'not-found' } }, path);
  }
  for (const cursor of ['e', 'AAAA', '____', 'YWJ']) {
    const forged = await get(`${url}/v1/actors?cursor=${cursor}`);
    t.match(forged, { status: 400, body: { errors: [{ pointer: '/cursor' }] } }, cursor);
  }
  for (const query of ['limit=0', 'limit=1001', 'order=asc', 'kind=planet']) {
    t.equal((await get(`${url}/v1/actors?${query}`)).status, 400, query);
  }
});
