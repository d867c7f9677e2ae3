/** Casualties as each claimant counts them, and the stances of those who negotiate. */
import t from 'tap';
import type { Casualties } from '../../src/projections/casualties.ts';
import { get, post, recordSeed, testService } from '../service.ts';
import { forgedCursor } from './forged.ts';

const conflict_id = 'russia-ukraine-2022';
type Page = { items: Casualties[]; next_cursor: string | null; as_of: { position: number } };

const said = (claimant_id: string, asserted_at?: string) => ({
  conflict_id,
  attribution: { claimant_id, chain: [] },
  ...(asserted_at !== undefined && { asserted_at }),
});
const casualties = (more: object, quantity: object) => ({
  proposition: {
    ...{ kind: 'casualties', side_id: 'ua', category: 'military', outcome: 'killed', ...more },
    quantity: { qualifier: 'exact', unit: '{person}', measure: 'increment', ...quantity },
  },
});
const day = { period: { duration: 'PT24H', ends: 'asserted_at' } };

t.test('casualties of a conflict', async (t) => {
  const { url } = await testService(t);
  let head = await recordSeed(url);
  const record = async (path: string, body: object) => {
    const answer = await post(url + path, body);
    t.equal(answer.status, 201, JSON.stringify(answer.body));
    head = answer.body.position as number;
  };
  const claim = (id: string, body: object) => record('/v1/claims', { id, ...body });
  const list = async (query = '', limit = 100) => {
    const items: Casualties[] = [];
    const first = `/v1/casualties?conflict=${conflict_id}&min_position=${head}`;
    for (let next: string | null = `${first}&limit=${limit}${query}`; next !== null; ) {
      const page: Awaited<ReturnType<typeof get<Page>>> = await get<Page>(url + next);
      t.equal(page.status, 200, JSON.stringify(page.body));
      t.ok(page.body.items.length <= limit);
      items.push(...page.body.items);
      next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
    }
    return items;
  };

  await t.test(
    'as the seed report has them: a bound is a bound, unknown is not zero',
    async (t) => {
      const items = await list();
      t.match(items, [
        {
          ...{ claimant_id: 'ru-mod', side_id: 'ua', category: 'military', outcome: 'killed' },
          quantity: { low: 301, best: null, high: null, unit: '{person}', measure: 'increment' },
          period: { from: '2022-09-12', to: '2022-09-12', has_gaps: false },
          verification: 'could_not_verify',
          claims_total: 1,
          claim_ids: ['ru-mod-2022-09-12-killed'],
          not_added: [],
        },
        { outcome: 'wounded', quantity: { low: 1_000, best: 1_000, high: 1_000 } },
      ]);
      t.equal(items.length, 2);
    },
  );

  await t.test('adds what may be added, and says why the rest is not', async (t) => {
    const attributed = said('ru-mod', '2022-09-13');
    await claim('k13', { ...attributed, ...casualties({}, { value: 200, ...day }) });
    const week = { period: { from: '2022-09-06', to: '2022-09-13' } };
    const broad = casualties({}, { value: 900, ...week });
    await claim('week', { ...said('ru-mod', '2022-09-14'), ...broad });
    await claim('undated', { ...said('ru-mod'), ...casualties({}, { value: 5 }) });
    await claim('gone', {
      ...said('ru-mod', '2022-09-15'),
      ...casualties({}, { value: 7, ...day }),
    });
    await record('/v1/claims/gone/retraction', { ...said('ru-mod'), reason: 'r' });
    const total = { measure: 'cumulative', value: 5_000 };
    await claim('total', { ...said('ua', '2022-09-13'), ...casualties({}, total) });
    const [killed, , ofUkraine] = await list();
    // The week covers more than the two days that could be added up.
    t.match(killed, {
      quantity: { low: 900, best: 900 },
      period: { from: '2022-09-06', to: '2022-09-13' },
      claims_total: 1,
      not_added_total: 4,
      not_added: [
        { claim_id: 'gone', reason: 'retracted', description: 'The claim was retracted.' },
        { claim_id: 'undated', reason: 'period-unknown' },
        { claim_id: 'ru-mod-2022-09-12-killed', reason: 'period-overlaps' },
        { claim_id: 'k13', reason: 'period-overlaps' },
      ],
    });
    t.match(ofUkraine, { claimant_id: 'ua', quantity: { best: 5_000, measure: 'cumulative' } });
    const [two] = await list('&from=2022-09-12&to=2022-09-13');
    t.match(two, {
      quantity: { low: 501, best: null },
      claim_ids: ['ru-mod-2022-09-12-killed', 'k13'],
      not_added: [
        { claim_id: 'week', reason: 'period-beyond' },
        { claim_id: 'undated', reason: 'period-unknown' },
      ],
    });
    const [before] = await list('&to=2022-09-11T00:00:00Z');
    t.match(before, { quantity: { low: null, best: null, high: null }, claims_total: 0 });
  });

  await t.test('by claimant, side, category and outcome, page by page', async (t) => {
    await claim('civil', {
      ...said('ua', '2022-09-12'),
      ...casualties({ category: 'civilian', outcome: 'wounded' }, { value: 3, ...day }),
    });
    const all = await list();
    const named = (items: readonly Casualties[]) =>
      items.map(({ claimant_id, category, outcome }) => `${claimant_id} ${category} ${outcome}`);
    t.strictSame(named(all), [
      'ru-mod military killed',
      'ru-mod military wounded',
      'ua military killed',
      'ua civilian wounded',
    ]);
    for (const limit of [1, 3]) t.strictSame(await list('', limit), all);
    t.strictSame(await list('&claimant=ua'), all.slice(2));
    t.strictSame(await list('&side=ua'), all);
    t.strictSame(await list('&side=ru'), []);
    t.strictSame(await list('&category=civilian'), all.slice(3));
    t.strictSame(await list('&outcome=killed'), [all[0], all[2]]);
    t.strictSame(await list('&outcome=killed&claimant=ru-mod'), all.slice(0, 1));
    t.strictSame((await get<Page>(`${url}/v1/casualties?conflict=x`)).body.items, []);
  });

  await t.test(
    'claims about one occurrence count once, also through one about another',
    async (t) => {
      const on = (claimant: string, value: number, more: object = {}) => ({
        ...said(claimant, '2022-09-20'),
        ...casualties({ category: 'mixed', ...more }, { value, ...day }),
      });
      await claim('a', on('cnn', 10));
      await claim('b', { ...on('cnn', 12), asserted_at: '2022-09-21' });
      await claim('x', on('afp', 11));
      const same = (other_claim_id: string) => ({
        ...said('cnn'),
        ...{ relation: 'same_occurrence', other_claim_id },
      });
      t.match(await list('&claimant=cnn'), [{ quantity: { best: 22 }, claim_ids: ['a', 'b'] }]);
      const before = head;
      await record('/v1/claims/a/links', same('x'));
      await record('/v1/claims/x/links', same('b'));
      const counted = { quantity: { best: 12 }, claim_ids: ['b'] };
      const not_added = [{ claim_id: 'a', reason: 'same-occurrence' }];
      t.match(await list('&claimant=cnn'), [{ ...counted, not_added }]);
      t.match(await list(`&claimant=cnn&at_position=${before}`), [{ claim_ids: ['a', 'b'] }]);
    },
  );

  await t.test('also as a table; what cannot be asked is refused', async (t) => {
    const path = `${url}/v1/casualties?conflict=${conflict_id}`;
    const csv = await fetch(`${path}&limit=1`, { headers: { accept: 'text/csv' } });
    t.match(await csv.text(), /^conflict_id,claimant_id,.*\r\n[^,]*,ru-mod,ua,military,killed,/);
    const cursor = (text: string) => `cursor=${forgedCursor(text)}`;
    for (const query of [
      'outcome=dead',
      'category=all',
      'from=2022-09-13&to=2022-09-12',
      'from=yesterday',
      'place=iso:UA',
      ...['', '0', '-1', 'x', '1.5', '1~2'].map(cursor),
    ]) {
      t.match(await get(`${path}&${query}`), { status: 400, body: { code: 'malformed' } }, query);
    }
    t.match(await get(`${url}/v1/casualties`), { status: 400 });
  });
});

t.test('negotiations: the stance of each party, and the statement that set it', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const proposal = {
    ...said('ua', '2022-09-13'),
    ...{ party_id: 'ua', counterpart_id: 'ru' },
  };
  const first = await post(`${url}/v1/negotiations/ru-ua/proposals`, proposal);
  t.equal(first.status, 201, JSON.stringify(first.body));
  const second = await post(`${url}/v1/negotiations/another/proposals`, proposal);
  const wait = `min_position=${second.body.position}`;
  const { headers, body } = await get(`${url}/v1/negotiations/ru-ua?${wait}`);
  t.match(body, {
    id: 'ru-ua',
    conflict_id,
    stances: [
      {
        ...{ party_id: 'ru', counterpart_id: 'ua', stance: 'no_prospect' },
        ...{ stated_by: 'kremlin-peskov', asserted_at: '2022-09-12' },
        reason: 'sees no prospect of negotiation',
        statement: {
          type: 'NegotiationRejected',
          attribution: {
            claimant_id: 'kremlin-peskov',
            chain: [{}, { actor_id: 'afp' }, { actor_id: 'cnn-indonesia' }],
            quote: { text: 'prospek negosiasi' },
          },
          occurred: { from: '2022-09-12' },
        },
      },
      { party_id: 'ua', stance: 'open', statement: { type: 'NegotiationProposed' } },
    ],
    as_of: { position: second.body.position },
  });
  const etag = headers.get('etag') as string;
  const again = await fetch(`${url}/v1/negotiations/ru-ua`, { headers: { 'if-none-match': etag } });
  t.equal(again.status, 304);
  const [{ event_id, position }] = body.stances as [{ event_id: string; position: number }];
  t.match((await get(`${url}/v1/events/${event_id}`)).body, { position });
  const at = `at_position=${(first.body.position as number) - 1}`;
  t.match((await get(`${url}/v1/negotiations/ru-ua?${at}`)).body.stances, [{ party_id: 'ru' }]);
  t.match(await get(`${url}/v1/negotiations/x`), { status: 404 });
  const ids = async (query: string) => {
    const page = await get<{ items: { id: string }[]; next_cursor: string | null }>(
      `${url}/v1/negotiations?${wait}${query}`,
    );
    t.equal(page.status, 200);
    return [...page.body.items.map(({ id }) => id), page.body.next_cursor];
  };
  t.strictSame(await ids(''), ['another', 'ru-ua', null]);
  t.strictSame(await ids(`&conflict=${conflict_id}`), ['another', 'ru-ua', null]);
  t.strictSame(await ids('&conflict=x'), [null]);
  const [id, cursor] = await ids('&limit=1');
  t.equal(id, 'another');
  t.strictSame(await ids(`&limit=1&cursor=${cursor}`), ['ru-ua', null]);
  t.match(await get(`${url}/v1/negotiations?party=ru`), { status: 400 });
});
