/** The timeline over HTTP: what its items tell, on a map too, and what it refuses. */
import t from 'tap';
import type { Page } from '../../src/http/formats.ts';
import type { TimelineItem } from '../../src/projections/timeline-shown.ts';
import { get, post, recordSeed, testService } from '../service.ts';
import { isProblem } from './raw.ts';

const said = {
  conflict_id: 'russia-ukraine-2022',
  attribution: { claimant_id: 'ru-mod', chain: [] },
  asserted_at: '2022-09-14',
};

// Seen to fail with the names of now, and with the reports' lifecycle of when an item was recorded.
t.test('names are those of then; what became of claims and reports is of now', async (t) => {
  const { url } = await testService(t);
  const seeded = await recordSeed(url);
  const claim = '/v1/claims/ru-mod-2022-09-12-killed';
  await post(`${url}/v1/actors/ru-mod/renamings`, { name: 'Another name' });
  await post(`${url}${claim}/retraction`, { ...said, reason: 'withdrawn' });
  const last = await post(`${url}/v1/reports/cnn-indonesia-2022-09-12/corrections`, {
    headline: 'A shorter headline',
  });
  const list = async (query: string) => {
    const path = `${url}/v1/timeline?sort=position&order=asc&limit=1000&${query}`;
    return (await get<Page<TimelineItem>>(`${path}&min_position=${last.body.position}`)).body.items;
  };
  const made = (await list('type=ClaimMade')).find(
    ({ stream }) => stream === 'claim-ru-mod-2022-09-12-killed',
  );
  t.match(made?.summary.text, /^Russian Ministry of Defence claims/);
  t.match(made, {
    claim: { made: made?.position, lifecycle: 'retracted' },
    published_at: '2022-09-12T19:39:00+07:00',
  });
  const [retraction] = await list('type=ClaimRetracted');
  t.match(retraction, {
    summary: { text: /withdrawn/ },
    claim: { id: 'ru-mod-2022-09-12-killed', made: made?.position, lifecycle: 'retracted' },
  });
  t.strictSame(
    (await list('lifecycle=retracted')).map(({ claim }) => claim?.id),
    Array(3).fill('ru-mod-2022-09-12-killed'),
    'made, assessed, retracted',
  );
  t.match(await list('type=ReportPublished'), [{ report: { lifecycle: 'corrected' } }]);
  t.match(await list(`type=ReportPublished&at_position=${seeded}`), [
    { report: { lifecycle: 'active' } },
  ]);
  t.equal((await list('q=another ministry defence&type=ClaimMade')).length > 0, true);
});

t.test('on a map: each feature with its claimant and its status', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const point = [36.97, 49.66];
  await post(`${url}/v1/places`, { id: 'savyntsi', name: 'Savyntsi', within: 'iso:UA-63', point });
  const withdrawn = { ...said, from: ['savyntsi'], basis: 'claimed' };
  const { body } = await post(`${url}/v1/forces/ru/withdrawals`, withdrawn);
  const head = body.position;
  const answer = await fetch(`${url}/v1/timeline?limit=1000&min_position=${head}&area=iso:UA`, {
    headers: { accept: 'application/geo+json' },
  });
  t.equal(answer.headers.get('content-type'), 'application/geo+json');
  type Collection = {
    type: string;
    features: { id: number; geometry: object | null; properties: Record<string, unknown> }[];
    as_of: object;
  };
  const { type, features, as_of } = (await answer.json()) as Collection;
  t.equal(type, 'FeatureCollection');
  t.match(as_of, { position: head });
  t.strictSame(features.find(({ id }) => id === head)?.geometry, {
    type: 'Point',
    coordinates: point,
  });
  t.ok(features.length > 5);
  for (const { properties } of features) {
    t.match(properties, { claimant_id: String, status: String, lifecycle: String });
    const { claim } = properties as { claim?: { verification: string } };
    t.equal(properties.status, claim?.verification ?? 'unverified');
  }
});

// Guarantees 35 and 36.
t.test('no text in a filter does more than find nothing', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  const filters = [
    ...['conflict', 'type', 'claimant', 'actor', 'place', 'area', 'bbox', 'verification', 'q'],
    ...['occurred_from', 'occurred_to', 'recorded_from', 'recorded_to', 'published_from'],
    ...['published_to', 'lifecycle', 'sort', 'order', 'limit', 'cursor', 'at_position'],
  ];
  const texts = [
    `' or '1'='1`,
    `1; drop table events --`,
    `') union select * from api_keys --`,
    `{"a","b"}`,
    `\\x27`,
    `%`,
    `x' || pg_sleep(10) || '`,
    `\u0000`,
  ];
  for (const name of filters) {
    for (const text of texts) {
      const query = `min_position=${head}&${name}=${encodeURIComponent(text)}`;
      const answer = await get<Page<TimelineItem>>(`${url}/v1/timeline?${query}`);
      if (answer.status === 200) {
        t.equal(name, 'q', query);
        t.strictSame(answer.body.items, [], query);
      } else {
        isProblem(t, answer as never, 400, query);
      }
    }
    const twice = await get(`${url}/v1/timeline?${name}=a&${name}=b`);
    t.match(twice, { status: 400, body: { errors: [{ pointer: `/${name}` }] } });
  }
  for (const bbox of ['0,0,1', '181,0,0,1', '0,2,1,1', '0,-91,1,1', '0,0,1,1,1', '1e1,0,1,1']) {
    const answer = await get(`${url}/v1/timeline?bbox=${bbox}`);
    t.match(answer, { status: 400, body: { errors: [{ pointer: '/bbox' }] } }, bbox);
  }
  const many = Array.from({ length: 17 }, (_, i) => `w${i}`).join('+');
  isProblem(t, await get(`${url}/v1/timeline?q=${many}`), 400);
  t.match(await get(`${url}/v1/timeline?bbox=179,-1,-179,1&min_position=${head}`), {
    status: 200,
    body: { items: [] },
  });
  const { body } = await get<{ items: unknown[] }>(`${url}/v1/events?limit=1000`);
  t.equal(body.items.length, head);
});
