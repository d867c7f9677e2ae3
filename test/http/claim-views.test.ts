/** Claims as they are read: the list and its filters, one, and what became of it. */
import t from 'tap';
import type { ClaimChange } from '../../src/projections/claim-history.ts';
import type { Claim } from '../../src/projections/claim-shape.ts';
import { get, post, recordSeed, testService } from '../service.ts';
import { forgedCursor } from './forged.ts';

const conflict_id = 'russia-ukraine-2022';
type Page<Item = Claim> = {
  items: Item[];
  next_cursor: string | null;
  as_of: { position: number };
};

const said = (claimant_id: string, more: object = {}) => ({
  conflict_id,
  attribution: { claimant_id, chain: [] },
  ...more,
});
const statement = (id: string, more: object = {}) => ({
  id,
  ...said('ua', more),
  proposition: { kind: 'statement', text: id },
});

/** The ids of all pages, by the links between them. */
async function idsOf(url: string, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | null = path; next !== null; ) {
    const { status, headers, body }: Awaited<ReturnType<typeof get<Page>>> = await get<Page>(
      url + next,
    );
    if (status !== 200) throw new Error(`${next}: ${JSON.stringify(body)}`);
    ids.push(...body.items.map(({ id }) => id));
    next = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
  }
  return ids;
}

t.test('claims are found by each filter', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const izium = '/v1/claims/ua-2022-09-12-izium';
  const observed = await post(`${url}/v1/claims`, {
    id: 'cnn-izium',
    ...said('cnn', { asserted_at: '2022-09-13T08:00:00Z', occurred: { from: '2022-09-11' } }),
    places: [{ place_id: 'geonames:707292', relation: 'near' }],
    proposition: { kind: 'control', controller_id: 'ua', status: 'controlled', basis: 'observed' },
  });
  t.equal(observed.status, 201);
  const before = await post(`${url}${izium}/retraction`, said('ua', { reason: 'said too soon' }));
  const wait = `min_position=${before.body.position}&order=asc`;
  const found = (query: string) => idsOf(url, `/v1/claims?${wait}&${query}`);
  const seeded = await found('claimant=ru-mod');
  t.strictSame(seeded, [
    'ru-mod-2022-09-12-counterattack',
    'ru-mod-2022-09-12-strikes',
    'ru-mod-2022-09-12-killed',
    'ru-mod-2022-09-12-wounded',
  ]);
  t.equal((await found(`conflict=${conflict_id}`)).length, 11);
  t.strictSame(await found('conflict=another'), []);
  t.strictSame(await found('kind=statement'), ['cnn-2022-09-12-area-since-april']);
  t.strictSame(await found('actor=afp'), seeded, 'an agency that relayed them');
  t.strictSame(await found('actor=ru'), seeded.slice(0, 2), 'as an attacker');
  t.strictSame(await found('side=ua'), seeded.slice(2), 'as the side whose losses they are');
  t.strictSame(await found('side=ru-mod'), []);
  t.strictSame(await found('place=geonames:707292'), [
    'ru-mod-2022-09-12-counterattack',
    'ua-2022-09-12-izium',
    'cnn-izium',
  ]);
  t.equal((await found('report=cnn-indonesia-2022-09-12')).length, 10);
  t.strictSame(await found('verification=could_not_verify'), seeded.slice(2));
  t.strictSame(await found('lifecycle=retracted'), ['ua-2022-09-12-izium']);
  t.strictSame(await found('said_from=2022-09-13'), ['cnn-izium']);
  t.strictSame(await found('said_from=2022-09-13T08:00:00.000001Z'), []);
  t.equal((await found('said_to=2022-09-12')).length, 10);
  t.strictSame(await found('said_to=2022-09-11'), []);
  t.strictSame(await found('occurred_from=2022-09-11&occurred_to=2022-09-11'), ['cnn-izium']);
  t.strictSame(await found('occurred_to=2022-09-10'), []);
  const cnn = (await get<Claim>(`${url}/v1/claims/cnn-izium`)).body;
  t.strictSame(await found(`recorded_from=${cnn.recorded_at}`), ['cnn-izium']);
  t.equal((await found(`recorded_to=${cnn.recorded_at}`)).length, 11);
  t.strictSame(await found('recorded_to=2022-09-12'), []);
  t.strictSame(await found('claimant=ru-mod&kind=attack&place=geonames:703656'), [
    'ru-mod-2022-09-12-counterattack',
  ]);
});

// Seen to fail with `made` left out of the order and of the cursor.
t.test('pages in both orders hold each claim once, whatever the times say', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const times = ['2022-09-14', '2022-09-12T05:00:00Z', undefined, '2022-09-12', undefined];
  let last = 0;
  for (const [i, asserted_at] of times.entries()) {
    const dated = asserted_at === undefined ? {} : { asserted_at };
    const { body } = await post(`${url}/v1/claims`, statement(`s${i}`, dated));
    last = body.position as number;
  }
  const wait = `min_position=${last}&kind=statement`;
  const seeded = 'cnn-2022-09-12-area-since-april';
  const byTime = ['s0', 's1', 's3', seeded, 's4', 's2'];
  const byPosition = ['s4', 's3', 's2', 's1', 's0', seeded];
  for (const limit of [1, 2, 100]) {
    for (const [sort, expected] of [
      ['said', byTime],
      ['position', byPosition],
    ] as const) {
      const path = `/v1/claims?${wait}&limit=${limit}&sort=${sort}`;
      t.strictSame(await idsOf(url, path), expected, path);
      t.strictSame(await idsOf(url, `${path}&order=asc`), expected.toReversed(), `${path} asc`);
    }
  }
  t.strictSame(await idsOf(url, `/v1/claims?${wait}&said_to=2022-09-11`), []);
});

// Seen to fail, with 1 and 3 and then 2 missing, where each page is of its own time.
t.test('what changes between two pages is in neither twice nor in none', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  let position = 0;
  for (const [i, id] of ['p1', 'p2', 'p3'].entries()) {
    const claim = statement(id, { asserted_at: `2022-09-1${i}` });
    position = (await post(`${url}/v1/claims`, claim)).body.position as number;
  }
  const list = `${url}/v1/claims?kind=statement&claimant=ua&sort=said&order=asc&limit=1`;
  const pages = [(await get<Page>(`${list}&min_position=${position}`)).body];
  const correction = {
    ...said('ua', { cause: 'extraction_error', reason: 'r' }),
    ...{ field: '/asserted_at', from: '2022-09-11', to: '2022-09-01' },
  };
  const corrected = await post(`${url}/v1/claims/p2/corrections`, correction);
  const next = `min_position=${corrected.body.position}&cursor=`;
  for (const _ of ['p2', 'p3']) {
    pages.push((await get<Page>(`${list}&${next}${pages.at(-1)?.next_cursor}`)).body);
  }
  t.match(pages, [
    { items: [{ id: 'p1' }], as_of: { position } },
    { items: [{ id: 'p2', asserted_at: '2022-09-11' }], as_of: { position } },
    { items: [{ id: 'p3' }], as_of: { position }, next_cursor: null },
  ]);
  const anew = await get<Page>(`${list}&min_position=${corrected.body.position}`);
  t.match(anew.body.items, [{ id: 'p2', asserted_at: '2022-09-01' }]);
});

t.test('a claim as it stands, with who says so and how far it is checked', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  const path = `${url}/v1/claims/ru-mod-2022-09-12-killed`;
  const { headers, body } = await get<Claim>(`${path}?min_position=${head}`);
  t.match(body, {
    id: 'ru-mod-2022-09-12-killed',
    claimant_id: 'ru-mod',
    proposition: { kind: 'casualties', quantity: { low: 301, best: null, high: null } },
    occurred: null,
    asserted_at: '2022-09-12',
    places: [],
    verification: {
      status: 'could_not_verify',
      policy: 'v1',
      counts: { could_not_verify: 1 },
      independent_origins: 1,
    },
    is_adverse: false,
    assessments: [{ assessor_id: 'afp', verdict: 'could_not_verify', asserted_at: '2022-09-12' }],
    lifecycle: 'active',
    links: [],
    report_ids: ['cnn-indonesia-2022-09-12'],
    version: 2,
    as_of: { position: head },
  });
  t.match(headers.get('etag'), /^"/);
  const again = await fetch(path, { headers: { 'if-none-match': headers.get('etag') as string } });
  t.equal(again.status, 304);
  const { body: past } = await get<Claim>(`${path}?at_position=${body.position}`);
  t.match(past, { version: 1, assessments: [], verification: { status: 'unverified' } });
  const earlier = await get(`${path}?at_position=${body.position - 1}`);
  t.match(earlier, { status: 404, body: { code: 'not-found' } });
  t.match(await get(`${url}/v1/claims/x`), { status: 404 });
});

// The rating is the assessor's; the status and the claimant stand in the claim that is rated.
t.test(
  'a claim as ClaimReview: one for each assessment, could-not-verify rates nothing',
  async (t) => {
    const { url } = await testService(t);
    await recordSeed(url);
    const path = `${url}/v1/claims/ru-mod-2022-09-12-killed`;
    const { body: last } = await post(`${path}/assessments`, {
      ...said('cnn', { asserted_at: '2022-09-14' }),
      assessor_id: 'cnn',
      verdict: 'disputed',
    });
    const accept = { accept: 'application/ld+json' };
    type Graph = { '@graph': { reviewRating: object }[] };
    const { headers, body } = await get<Graph>(`${path}?min_position=${last.position}`, accept);
    t.match(headers.get('content-type'), 'application/ld+json');
    t.equal(headers.get('vary'), 'Accept');
    const itemReviewed = {
      '@type': 'Claim',
      identifier: 'ru-mod-2022-09-12-killed',
      author: {
        '@type': 'Organization',
        identifier: 'ru-mod',
        name: 'Russian Ministry of Defence',
      },
      datePublished: '2022-09-12',
      text: 'Russian Ministry of Defence claims more than 300 military people of Ukraine killed.',
      verification: 'disputed',
      lifecycle: 'active',
    };
    t.match(body['@graph'], [
      { '@type': 'ClaimReview', author: { name: 'AFP' }, itemReviewed },
      {
        '@type': 'ClaimReview',
        author: { name: 'CNN' },
        datePublished: '2022-09-14',
        itemReviewed,
      },
    ]);
    t.strictSame(
      body['@graph'].map(({ reviewRating }) => reviewRating),
      [
        { '@type': 'Rating', alternateName: 'Could not be verified' },
        {
          ...{ '@type': 'Rating', alternateName: 'Disputed' },
          ...{ ratingValue: 2, bestRating: 5, worstRating: 1 },
        },
      ],
    );
    const unrated = await get(`${url}/v1/claims/ua-2022-09-12-area`, accept);
    t.match(unrated.body, { '@graph': [{ '@type': 'Claim', author: { name: 'Ukraine' } }] });
    t.notSame(headers.get('etag'), (await get(path)).headers.get('etag'));
    t.match(await get(path, { accept: 'text/html' }), { status: 406 });
  },
);

// Seen to fail with a point for each mention of a place.
t.test('claims in tables and on maps keep their claimant and status', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  const list = `${url}/v1/claims?min_position=${head}`;
  const csv = await fetch(`${list}&side=ua`, { headers: { accept: 'text/csv' } });
  const [header, ...lines] = (await csv.text()).trimEnd().split('\r\n');
  t.match(header, /^id,conflict_id,claimant_id,verification,lifecycle,kind,side_id,/);
  t.equal(lines.length, 2);
  t.match(
    lines[1],
    /^ru-mod-2022-09-12-killed,.*,ru-mod,could_not_verify,active,casualties,ua,,301,,,/,
  );
  await post(`${url}/v1/places`, { id: 'p1', name: 'P', point: [37.5, 49.5] });
  const { body: last } = await post(`${url}/v1/claims`, {
    ...statement('s1', { asserted_at: '2022-09-12' }),
    places: [
      { place_id: 'p1', relation: 'at' },
      { place_id: 'p1', relation: 'near' },
    ],
  });
  const geo = `${url}/v1/claims?min_position=${last.position}&kind=statement&order=asc`;
  const { body } = await get(geo, { accept: 'application/geo+json' });
  t.match(body.features, [
    { id: 'cnn-2022-09-12-area-since-april', geometry: null },
    {
      id: 's1',
      geometry: { type: 'Point', coordinates: [37.5, 49.5] },
      properties: { claimant_id: 'ua', status: 'unverified', lifecycle: 'active' },
    },
  ]);
  const items = await get(
    `${url}/v1/timeline?min_position=${last.position}&sort=position&limit=1`,
    {
      accept: 'application/geo+json',
    },
  );
  t.match(items.body.features, [{ geometry: { type: 'Point', coordinates: [37.5, 49.5] } }]);
});

t.test(
  'the history has all that became of a claim, with what it was before and after',
  async (t) => {
    const { url } = await testService(t);
    await recordSeed(url);
    for (const id of ['k1', 'k2']) {
      await post(`${url}/v1/claims`, {
        ...statement(id, { asserted_at: '2022-09-12' }),
        ...said(id === 'k1' ? 'ua' : 'ru', { asserted_at: '2022-09-12' }),
        // Not from their own channels: found through another, it has a second origin.
        attribution: {
          claimant_id: id === 'k1' ? 'ua' : 'ru',
          chain: [{ actor_id: 'afp', role: 'relay' }],
        },
      });
    }
    const path = `${url}/v1/claims/k1`;
    const act = async (name: string, data: object, of = 'k1') => {
      const { status, body } = await post(`${url}/v1/claims/${of}/${name}`, {
        ...said('ua', { asserted_at: '2022-09-13' }),
        ...data,
      });
      t.equal(status, 201, JSON.stringify(body));
      return body.position as number;
    };
    const repetition = {
      attribution: { claimant_id: 'ua', chain: [{ actor_id: 'cnn', role: 'relay' }] },
    };
    await act('repetitions', repetition);
    await act('assessments', { assessor_id: 'afp', verdict: 'could_not_verify' });
    await act('corrections', {
      ...{ cause: 'translation_error', field: '/proposition/text', from: 'k1', to: 'K1' },
      reason: 'a capital',
    });
    await act('links', { relation: 'contradicts', other_claim_id: 'k1' }, 'k2');
    await act('retraction', { reason: 'withdrawn' }, 'k2');
    const last = await act('retraction', { reason: 'it was not so' });

    const { body } = await get<Page<ClaimChange>>(`${path}/history?min_position=${last}`);
    const standing = (lifecycle: string, status: string) => ({
      lifecycle,
      verification: { status },
    });
    t.match(body.items, [
      { type: 'ClaimMade', by: 'ua', before: null, after: standing('active', 'unverified') },
      { type: 'ClaimRepeated', attribution: repetition.attribution },
      {
        type: 'ClaimAssessed',
        assessment: { assessor_id: 'afp', verdict: 'could_not_verify' },
        before: standing('active', 'corroborated'),
        after: standing('active', 'corroborated'),
      },
      {
        ...{ type: 'ClaimCorrected', cause: 'translation_error', field: '/proposition/text' },
        ...{ from: 'k1', to: 'K1', reason: 'a capital', asserted_at: '2022-09-13' },
        before: standing('active', 'corroborated'),
        after: standing('corrected', 'corroborated'),
      },
      {
        ...{ type: 'ClaimLinked', claim_id: 'k2', relation: 'contradicts', other_claim_id: 'k1' },
        after: standing('corrected', 'disputed'),
      },
      {
        ...{ type: 'ClaimRetracted', claim_id: 'k2', reason: 'withdrawn' },
        before: standing('corrected', 'disputed'),
        after: standing('corrected', 'corroborated'),
      },
      {
        ...{ type: 'ClaimRetracted', claim_id: 'k1', reason: 'it was not so' },
        after: standing('retracted', 'corroborated'),
      },
    ]);
    t.equal(body.items.length, 7);
    for (const [i, { before }] of body.items.entries()) {
      t.strictSame(before, body.items[i - 1]?.after ?? null);
    }
    for (const { event_id, position, recorded_at } of body.items) {
      t.match((await get(`${url}/v1/events/${event_id}`)).body, { position, recorded_at });
    }
    const paged: ClaimChange[] = [];
    for (let next: string | null = `/v1/claims/k1/history?limit=2`; next !== null; ) {
      const page: Awaited<ReturnType<typeof get<Page<ClaimChange>>>> = await get(url + next);
      paged.push(...page.body.items);
      next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
    }
    t.strictSame(paged, body.items);
    const second = body.items[1] as ClaimChange;
    const then = await get<Page<ClaimChange>>(`${path}/history?at_position=${second.position}`);
    t.strictSame(then.body.items, body.items.slice(0, 2));
    const missing = await get(`${url}/v1/claims/x/history`);
    t.match(missing, { status: 404, body: { code: 'not-found', detail: 'there is no claim x' } });
  },
);

t.test('what is no filter, no cursor and no moment is refused', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const cursor = (text: string) => `cursor=${forgedCursor(text)}`;
  for (const query of [
    'colour=red',
    'kind=planet',
    'verification=true',
    'lifecycle=dead',
    'sort=name',
    'said_from=yesterday',
    'occurred_to=2022-02-30',
    'limit=1001',
    ...['x', '~', '1~', '~1~2', '1.5~2', '9007199254740993~1', '1~-0'].map(cursor),
  ]) {
    const answer = await get(`${url}/v1/claims?${query}`);
    t.match(answer, { status: 400, body: { code: 'malformed' } }, query);
  }
  for (const text of ['0', '-1', 'x', '1~2', '99999999999999999']) {
    const path = `/v1/claims/ua-2022-09-12-izium/history?${cursor(text)}`;
    t.match(await get(url + path), { status: 400 }, path);
  }
});
