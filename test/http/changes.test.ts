/** Keeping a copy: what has changed since a position, in pages of bounded work. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Page } from '../../src/http/formats.ts';
import { get, post, recordSeed, testService } from '../service.ts';
import { forgedCursor } from './forged.ts';
import { isProblem } from './raw.ts';

type Change = {
  position: number;
  entity: { kind: string; id: string };
  change: string;
  conflict_id: string | null;
};
const said = {
  conflict_id: 'russia-ukraine-2022',
  attribution: { claimant_id: 'ru-mod', chain: [] },
  asserted_at: '2022-09-14',
};

// Seen to fail with the cursor as the last change instead of the last event looked at, and with
// the page going on beyond `as_of`.
t.test('pages of any size and filter are the log, from there to as_of', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const claim = '/v1/claims/ru-mod-2022-09-12-killed';
  await post(`${url}/v1/actors/ru-mod/renamings`, { name: 'Another name' });
  await post(`${url}${claim}/corrections`, {
    ...{ ...said, cause: 'extraction_error', field: '/proposition/quantity/value' },
    ...{ from: 300, to: 400, reason: 'misread' },
  });
  const last = await post(`${url}${claim}/retraction`, { ...said, reason: 'withdrawn' });
  const head = last.body.position as number;
  const listed = async (query: string, limit: number) => {
    const items: Change[] = [];
    let path: string | undefined = `/v1/changes?min_position=${head}&limit=${limit}&${query}`;
    while (path !== undefined) {
      const answer: { body: Page<Change>; headers: Headers } = await get<Page<Change>>(url + path);
      items.push(...answer.body.items);
      path = answer.headers.get('link')?.match(/^<(.*)>; rel="next"$/)?.[1];
    }
    return items;
  };
  const all = await listed('', 1_000);
  t.strictSame(
    all.map(({ position }) => position),
    Array.from({ length: head }, (_, i) => i + 1),
  );
  t.match(all.slice(-3), [
    { change: 'renamed', entity: { kind: 'actor', id: 'ru-mod' }, claimant_id: null },
    {
      ...{ change: 'corrected', cause: 'extraction_error', reason: 'misread' },
      entity: { kind: 'claim', id: 'ru-mod-2022-09-12-killed' },
    },
    { change: 'retracted', reason: 'withdrawn', claimant_id: 'ru-mod' },
  ]);
  const plain: [string, (one: Change) => boolean][] = [
    ['since=7', ({ position }) => position > 7],
    ['kind=claim', ({ entity }) => entity.kind === 'claim'],
    ['change=created&kind=place', (one) => one.change === 'created' && one.entity.kind === 'place'],
    ['conflict=russia-ukraine-2022', (one) => one.conflict_id === 'russia-ukraine-2022'],
    ['conflict=none', () => false],
    ['at_position=9&since=3', ({ position }) => position > 3 && position <= 9],
  ];
  for (const [query, isIt] of plain) {
    for (const limit of [1, 3, 1_000]) {
      t.strictSame(await listed(query, limit), all.filter(isIt), `${query} by ${limit}`);
    }
  }
  const first = await get(`${url}/v1/changes?min_position=${head}&kind=claim`);
  const etag = first.headers.get('etag') as string;
  t.equal(
    (await fetch(`${url}/v1/changes?kind=claim`, { headers: { 'if-none-match': etag } })).status,
    304,
  );
  const lines = await fetch(`${url}/v1/changes?kind=claim`, {
    headers: { accept: 'application/x-ndjson' },
  });
  t.equal((await lines.text()).trim().split('\n').length, (first.body.items as object[]).length);
  for (const query of [
    'since=-1',
    `since=${head + 1}`,
    'kind=x',
    "conflict=' or 1=1",
    'cursor=MQ=',
  ]) {
    isProblem(t, await get(`${url}/v1/changes?${query}`), 400, query);
  }
  for (const text of ['-1', '1e3', 'x', "1' or '1'='1", '9999999999999999']) {
    const cursor = forgedCursor(text);
    isProblem(t, await get(`${url}/v1/changes?cursor=${cursor}`), 400, text);
  }
});

// Seen to fail without `eventsReadMax`: one page looks at the whole log.
t.test('a page looks at so much of the log and no more', async (t) => {
  const { url } = await testService(t);
  const count = 6_000;
  const events = Array.from({ length: count }, (_, i) => ({
    ...{ specversion: '1.0', id: randomUUID(), source: 'https://example.org' },
    type: 'frontlog.actor-registered.v1',
    data: { actor_id: `a${i}`, name: 'A', kind: 'agency' },
  }));
  const recorded = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  });
  t.match(await recorded.text(), /"recorded":6000/);
  const path = `/v1/changes?kind=claim&min_position=${count}&wait_ms=10000`;
  const { body } = await get<Page<Change>>(url + path);
  t.strictSame(body.items, []);
  t.type(body.next_cursor, 'string');
  const next = await get<Page<Change>>(`${url}${path}&cursor=${body.next_cursor}`);
  t.match(next.body, { items: [], next_cursor: null, as_of: { position: count } });
});
