import t from 'tap';
import { registrySteps, reportSteps } from '../../src/cli/seed-report.ts';
import type { Page } from '../../src/http/formats.ts';
import type { TimelineItem } from '../../src/projections/timeline-shown.ts';
import type { WarStatus } from '../../src/projections/war-status-view.ts';
import { get, postStep, recordSeed, testService } from '../service.ts';

t.test('the seed report is in the log and the war status answers from it', async (t) => {
  const { url } = await testService(t);
  const position = await recordSeed(url);
  t.equal(position, registrySteps.length + reportSteps.length);
  const { body, headers } = await get<WarStatus>(
    `${url}/v1/conflicts/russia-ukraine-2022/status?min_position=${position}`,
  );
  t.equal(headers.get('x-position'), String(position));
  t.match(body.as_of, { position });
  t.match(body.negotiations, [
    {
      negotiation_id: 'ru-ua',
      stances: [
        {
          party_id: 'ru',
          counterpart_id: 'ua',
          stance: 'no_prospect',
          stated_by: 'kremlin-peskov',
          asserted_at: '2022-09-12',
        },
      ],
    },
  ]);
  t.match(body.operations, [{ actor_id: 'ru', state: 'ongoing' }]);
  const held = new Map(body.control.map((one) => [one.place_id, one]));
  t.same([...held.keys()].sort(), ['geonames:703656', 'geonames:707292', 'geonames:712926']);
  for (const { statements, agreement } of held.values()) {
    t.equal(agreement, 'uncontested');
    t.match(statements, [
      { claimant_id: 'ua-armed-forces', controller_id: 'ua', basis: 'claimed' },
    ]);
  }
  const casualty = (outcome: string) =>
    body.casualties.find((one) => one.outcome === outcome)?.by_claimant;
  t.match(casualty('killed'), [
    {
      claimant_id: 'ru-mod',
      quantity: { value: 300, qualifier: 'more_than', low: 301, best: null, high: null },
      period: { from: '2022-09-12', to: '2022-09-12', has_gaps: false },
      claim_ids: ['ru-mod-2022-09-12-killed'],
      verification: 'could_not_verify',
      verification_basis: { policy: 'v1', counts: { could_not_verify: 1 }, independent_origins: 1 },
      assessments: [{ assessor_id: 'afp', verdict: 'could_not_verify' }],
    },
  ]);
  t.match(casualty('wounded'), [
    { quantity: { value: 1_000, low: 1_000 }, verification: 'could_not_verify' },
  ]);
  const areas = body.areas.map(({ quantity: { value, qualifier, unit } }) => [
    qualifier,
    value,
    unit,
  ]);
  t.same(areas.sort(), [
    ['more_than', 20, '{settlement}'],
    ['more_than', 3_000, 'km2'],
  ]);
  t.match(body.withdrawals, [
    {
      actor_id: 'ru',
      from: ['iso:UA-63'],
      occurred: { from: '2022-09-10' },
      stated_purpose: /regroup/,
    },
  ]);
  t.same(body.claims, {
    total: 10,
    by_verification: { could_not_verify: 2, unverified: 8 },
    by_lifecycle: { active: 10 },
  });
});

t.test('recorded again, nothing is recorded twice', async (t) => {
  const { url } = await testService(t);
  const position = await recordSeed(url);
  for (const step of [...registrySteps, ...reportSteps]) {
    const { headers } = await postStep(url, step);
    t.equal(headers.get('idempotency-replayed'), 'true');
  }
  const { body } = await get<{ items: { position: number }[] }>(`${url}/v1/events?limit=1000`);
  t.equal(body.items.length, position);
});

type Answer = { body: Page<TimelineItem>; headers: Headers };

t.test('the timeline pages through all that was said or done, newest first', async (t) => {
  const { url } = await testService(t);
  const position = await recordSeed(url);
  const seen: TimelineItem[] = [];
  let path: string | undefined = `/v1/timeline?limit=5&min_position=${position}`;
  while (path !== undefined) {
    const { body, headers }: Answer = await get<Page<TimelineItem>>(url + path);
    seen.push(...body.items);
    t.equal(headers.has('link'), body.next_cursor !== null);
    path = headers.get('link')?.match(/^<(.*)>; rel="next"$/)?.[1];
  }
  t.equal(new Set(seen.map((item) => item.position)).size, reportSteps.length);
  t.equal(seen.length, reportSteps.length);
  t.equal(seen.at(-1)?.type, 'TroopsWithdrew', 'of 10 September, before all else');
  const killed = seen.find((item) => item.claim?.id === 'ru-mod-2022-09-12-killed');
  t.match(killed?.claim, { verification: 'could_not_verify', lifecycle: 'active' });
  t.match(
    seen.find(
      (item) => item.stream === 'claim-ru-mod-2022-09-12-killed' && item.type === 'ClaimMade',
    ),
    {
      summary: {
        text: 'Russian Ministry of Defence claims more than 300 military people of Ukraine killed.',
      },
    },
  );
});

t.test('the timeline filters by conflict, type, claimant, actor and place', async (t) => {
  const { url } = await testService(t);
  const position = await recordSeed(url);
  const count = async (query: string) => {
    const { body } = await get<Page<TimelineItem>>(
      `${url}/v1/timeline?min_position=${position}&${query}`,
    );
    return body.items.length;
  };
  t.equal(await count('conflict=russia-ukraine-2022'), reportSteps.length - 1);
  t.equal(await count('conflict=other'), 0);
  t.equal(await count('type=ClaimAssessed'), 2);
  t.equal(await count('claimant=kremlin-peskov'), 2);
  t.equal(await count('place=geonames:707292'), 2);
  t.equal(await count('actor=cnn&type=ClaimMade'), 6);
});

t.test('the raw log answers by position, id and stream', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const page = await get<{ items: { id: string; stream: string }[]; next_after: number }>(
    `${url}/v1/events?after=3&limit=2`,
  );
  t.match(page.body, { items: [{ position: 4 }, { position: 5 }], next_after: 5 });
  const [event] = page.body.items;
  const one = await get(`${url}/v1/events/${event?.id}`);
  t.same(one.body, event);
  t.equal(one.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  const stream = await get(`${url}/v1/streams/${event?.stream}`);
  t.match(stream.body, { version: 1, items: [event] });
  const etag = stream.headers.get('etag') as string;
  for (const [known, status] of [
    [etag, 304],
    ['*', 304],
    ['"2"', 200],
  ] as const) {
    const again = await fetch(`${url}/v1/streams/${event?.stream}`, {
      headers: { 'if-none-match': known },
    });
    t.match([again.status, again.headers.get('etag')], [status, etag], known);
  }
  const none = await get(`${url}/v1/streams/actor-nobody`, { 'if-none-match': '*' });
  t.equal(none.status, 404);
});
