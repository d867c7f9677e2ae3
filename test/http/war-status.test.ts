/** What the war status makes of claims that agree, disagree, replace each other or overlap. */
import t from 'tap';
import { type WarStatus, withdrawalsMax } from '../../src/projections/war-status-view.ts';
import type { Test } from '../db.ts';
import { get, post, recordSeed, testService } from '../service.ts';

const conflict_id = 'russia-ukraine-2022';
const [izium, kupiansk] = ['geonames:707292', 'geonames:703656'];
const at = (...ids: string[]) => ids.map((place_id) => ({ place_id, relation: 'at' }));
const by = (claimant_id: string, ...hops: string[]) => ({
  attribution: {
    claimant_id,
    chain: hops.map((actor_id, i) => ({ actor_id, role: i === 0 ? 'originator' : 'relay' })),
  },
});
const control = (controller_id: string) => ({
  proposition: { kind: 'control', controller_id, status: 'controlled', basis: 'claimed' },
});
const losses = (kind: string, more: object, quantity: object) => ({
  ...by('ua-armed-forces'),
  proposition: {
    kind,
    side_id: 'ru',
    ...more,
    quantity: { qualifier: 'exact', unit: '{person}', measure: 'cumulative', ...quantity },
  },
});
const killed = (quantity: object) =>
  losses('casualties', { category: 'military', outcome: 'killed' }, quantity);
const day = { measure: 'increment', period: { duration: 'PT24H', ends: 'asserted_at' } };

/** The seed report recorded, and what is sent and read after it. */
async function seeded(t: Test) {
  const { url } = await testService(t);
  let position = await recordSeed(url);
  const send = async (path: string, body: object) => {
    const whole = { conflict_id, ...by('ua'), asserted_at: '2022-09-13', ...body };
    const answer = await post(`${url}/v1/${path}`, whole);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    position = answer.body.position as number;
    return position;
  };
  return {
    send,
    claim: (id: string, body: object) => send('claims', { id, ...body }),
    status: async (query = '') => {
      const asked = `min_position=${position}&wait_ms=10000&${query}`;
      return (await get<WarStatus>(`${url}/v1/conflicts/${conflict_id}/status?${asked}`)).body;
    },
  };
}

const ofPlace = ({ control }: WarStatus, place: string) =>
  control.find(({ place_id }) => place_id === place);
const holders = (status: WarStatus, place: string) =>
  ofPlace(status, place)?.statements.map((one) => [one.claimant_id, one.controller_id]);
const dead = ({ casualties }: WarStatus) =>
  casualties.find(({ side_id, outcome }) => side_id === 'ru' && outcome === 'killed')?.by_claimant;

// Seen to fail: with retracted claims not passed over, and with the claim recorded last counted.
t.test(
  'a claimant has one word on a place: the one before stands again after a retraction',
  async (t) => {
    const { claim, send, status } = await seeded(t);
    const own = ['ua-armed-forces', 'ua'];
    await claim('early', { ...by('ru-mod'), ...control('ru'), places: at(izium) });
    t.strictSame(holders(await status(), izium), [['ru-mod', 'ru'], own]);
    t.equal(ofPlace(await status(), izium)?.agreement, 'contested');
    await claim('left', {
      ...{ ...by('ru-mod'), ...control('ua'), places: at(izium) },
      asserted_at: '2022-09-14',
    });
    await claim('recorded-late', {
      ...{ ...by('ru-mod'), ...control('ru'), places: at(izium) },
      asserted_at: '2022-09-01',
    });
    const admitted = await status();
    t.strictSame(holders(admitted, izium), [['ru-mod', 'ua'], own]);
    t.match(ofPlace(admitted, izium), {
      agreement: 'uncontested',
      statements: [{ verification: 'corroborated' }, { verification: 'unverified' }],
    });
    t.strictSame(holders(await status('valid_at=2022-09-13'), izium), [['ru-mod', 'ru'], own]);
    const before = await send('claims/left/retraction', { reason: 'said by mistake' });
    t.strictSame(holders(await status(), izium), [['ru-mod', 'ru'], own]);
    t.strictSame(await status(`at_position=${before - 1}`), admitted);
    await send('claims/early/supersession', { by_claim_id: 'left' });
    t.match(ofPlace(await status(), izium)?.statements[0], { claim_id: 'recorded-late' });
  },
);

t.test('who is part of a side agrees with it', async (t) => {
  const { claim, status } = await seeded(t);
  await claim('by-state', { ...control('ua-armed-forces'), places: at(izium) });
  t.match(ofPlace(await status(), izium), { agreement: 'uncontested', statements: [{}, {}] });
});

t.test('a claim over places together is of none of them, and counts once', async (t) => {
  const { claim, status } = await seeded(t);
  const before = await status();
  await claim('both', { ...by('ru-mod'), ...control('ru'), places: at(kupiansk, izium) });
  await claim('near', {
    ...{ ...by('ru-mod'), ...control('ru') },
    places: [{ place_id: izium, relation: 'near' }],
  });
  const after = await status();
  t.strictSame(holders(after, izium), holders(before, izium));
  t.strictSame(ofPlace(after, izium)?.not_of_place, [
    { claim_id: 'both', reason: 'several-places' },
    { claim_id: 'near', reason: 'relation-not-at' },
  ]);
  t.match(after.combined_control, [
    { claim_id: 'both', places: at(kupiansk, izium), reason: 'several-places' },
    { claim_id: 'near', reason: 'relation-not-at' },
  ]);
  t.equal(after.combined_control.length, 2);
  t.equal(after.claims.total, before.claims.total + 2);
});

t.test('control that gives an end is of no moment after it', async (t) => {
  const { claim, status } = await seeded(t);
  const held = {
    ...by('ru-mod'),
    ...control('ru'),
    occurred: { from: '2022-10-01', to: '2022-10-10' },
  };
  await claim('alone', { ...held, places: at(izium) });
  await claim('both', { ...held, places: at(kupiansk, izium) });
  const own = ['ua-armed-forces', 'ua'];
  const during = await status('valid_at=2022-10-10');
  t.strictSame(holders(during, izium), [['ru-mod', 'ru'], own]);
  t.equal(ofPlace(during, izium)?.agreement, 'contested');
  t.match(during.combined_control, [{ claim_id: 'both' }]);
  const after = await status('valid_at=2022-10-11');
  t.strictSame(holders(after, izium), [own]);
  t.strictSame(after.combined_control, []);
});

// Seen to fail with a sum that is not made anew when one of its claims changes.
t.test('increments add up where they may; what is left out says why', async (t) => {
  const { claim, send, status } = await seeded(t);
  await claim('day-1', { ...killed({ ...day, value: 100 }), asserted_at: '2022-09-11' });
  t.match(dead(await status()), [{ quantity: { value: 100, qualifier: 'exact' } }]);
  await claim('day-2', { ...killed({ ...day, value: 50 }), asserted_at: '2022-09-12' });
  await claim('day-2-again', { ...killed({ ...day, value: 60 }), asserted_at: '2022-09-12' });
  const sum = dead(await status());
  t.match(sum, [
    {
      quantity: { low: 160, best: 160, high: 160, measure: 'increment' },
      period: { from: '2022-09-11', to: '2022-09-12', has_gaps: false },
      claims_total: 2,
      claim_ids: ['day-1', 'day-2-again'],
      not_added: [{ claim_id: 'day-2', reason: 'period-overlaps' }],
    },
  ]);
  t.notOk(Object.hasOwn(sum?.[0]?.quantity ?? {}, 'qualifier'), 'nobody said the sum');
  await send('claims/day-2-again/retraction', { reason: 'withdrawn' });
  t.match(dead(await status()), [{ quantity: { best: 150 }, claim_ids: ['day-1', 'day-2'] }]);
  await send('claims/day-1/assessments', { assessor_id: 'afp', verdict: 'disputed' });
  t.match(dead(await status()), [{ verification: 'disputed' }]);
  const older = { assessor_id: 'afp', verdict: 'corroborated', asserted_at: '2022-09-01' };
  await send('claims/day-1/assessments', older);
  const disputed = [{ assessor_id: 'afp', verdict: 'disputed' }];
  t.match(dead(await status()), [{ verification: 'disputed', assessments: disputed }]);
});

// Seen to fail with the sum remembered for as long as its own claims do not change.
t.test('what is one occurrence counts once, also where others tell so', async (t) => {
  const { claim, send, status } = await seeded(t);
  await claim('first', { ...killed({ ...day, value: 10 }), asserted_at: '2022-09-11' });
  await claim('second', { ...killed({ ...day, value: 20 }), asserted_at: '2022-09-12' });
  for (const id of ['told-a', 'told-b']) {
    await claim(id, { proposition: { kind: 'statement', text: 'a depot was hit' } });
  }
  const isSame = (id: string, other_claim_id: string) =>
    send(`claims/${id}/links`, { relation: 'same_occurrence', other_claim_id });
  await isSame('first', 'told-a');
  await isSame('told-b', 'second');
  t.match(dead(await status()), [{ quantity: { best: 30 } }]);
  await isSame('told-a', 'told-b');
  t.match(dead(await status()), [
    { claim_ids: ['second'], not_added: [{ claim_id: 'first', reason: 'same-occurrence' }] },
  ]);
  // Of totals that are one, the latest that tells its time counts, not the latest of all.
  const missing = (value: number, more: object) => {
    const subject = { category: 'military', outcome: 'missing' };
    return losses('casualties', subject, { value, ...more });
  };
  await claim('dated', missing(30, { period: day.period }));
  await claim('undated', { ...missing(40, {}), asserted_at: '2022-09-14' });
  for (const id of ['dated', 'undated']) {
    await send('claims/told-a/links', { relation: 'same_occurrence', other_claim_id: id });
  }
  const { casualties } = await status();
  t.match(casualties.find(({ outcome }) => outcome === 'missing')?.by_claimant, [
    { claim_ids: ['dated'], not_added: [{ claim_id: 'undated', reason: 'same-occurrence' }] },
  ]);
});

t.test('totals are never added, and claimants neither', async (t) => {
  const { claim, status } = await seeded(t);
  const since = (to: string) => ({ period: { from: '2022-02-24', to } });
  await claim('high', {
    ...killed({ value: 54_050, ...since('2022-09-14') }),
    asserted_at: '2022-09-14',
  });
  await claim('low', {
    ...killed({ value: 53_850, ...since('2022-09-15') }),
    asserted_at: '2022-09-15',
  });
  await claim('other', { ...killed({ value: 5_937, ...since('2022-09-21') }), ...by('ru-mod') });
  const said = dead(await status());
  t.strictSame(
    said?.map(({ claimant_id, quantity: { best } }) => [claimant_id, best]),
    [
      ['ua-armed-forces', 53_850],
      ['ru-mod', 5_937],
    ],
  );
  t.strictSame(said?.[0]?.not_added, [{ claim_id: 'high', reason: 'cumulative-decreased' }]);
  t.match(said?.[1], { verification: 'corroborated' }, 'own losses are admitted');
});

t.test('two transcriptions of one bulletin are one loss, corrected or not', async (t) => {
  const { claim, send, status } = await seeded(t);
  const tanks = (value: number) => ({
    ...losses('equipment_losses', { equipment_class: 'tank' }, { value, unit: '{vehicle}' }),
    asserted_at: '2022-09-12',
  });
  const shown = async () =>
    (await status()).equipment_losses.flatMap(({ equipment_class, by_claimant }) =>
      by_claimant.map(({ claim_id, quantity }) => [equipment_class, claim_id, quantity.best]),
    );
  await claim('tanks-a', tanks(2_169));
  await claim('tanks-b', tanks(2_168));
  t.strictSame(await shown(), [['tank', 'tanks-b', 2_168]]);
  await send('claims/tanks-b/retraction', { reason: 'the other transcription is kept' });
  t.strictSame(await shown(), [['tank', 'tanks-a', 2_169]]);
  await send('claims/tanks-a/corrections', {
    ...{ cause: 'extraction_error', field: '/proposition/quantity/value' },
    ...{ from: 2_169, to: 2_168, reason: 'as in the bulletin' },
  });
  t.strictSame(await shown(), [['tank', 'tanks-a', 2_168]]);
});

// Seen to fail with the claims that a changed one is linked with left as they were.
t.test(
  'origins are counted by chain, under a named policy, and links count while they stand',
  async (t) => {
    const { claim, send, status } = await seeded(t);
    const places = at('geonames:706483');
    await claim('one', { ...by('ru-mod', 'afp', 'cnn-indonesia'), ...control('ru'), places });
    await claim('reprint', { ...by('kremlin-peskov', 'afp', 'cnn'), ...control('ru'), places });
    await claim('own', { ...by('ru', 'cnn'), ...control('ru'), places });
    const verified = async () => {
      const statements = ofPlace(await status(), 'geonames:706483')?.statements ?? [];
      const { verification, verification_basis } = statements.find(
        ({ claim_id }) => claim_id === 'one',
      ) as (typeof statements)[number];
      return [verification, verification_basis.policy, verification_basis.independent_origins];
    };
    const link = (id: string, relation: string) =>
      send(`claims/${id}/links`, { relation, other_claim_id: 'one' });
    await link('reprint', 'corroborates');
    t.strictSame(await verified(), ['unverified', 'v1', 1], 'both come from AFP');
    await link('own', 'corroborates');
    t.strictSame(await verified(), ['unverified', 'v1', 1], 'and all share a hop through a third');
    await claim('not-so', { ...by('ua', 'ua'), ...control('ua'), places });
    await link('not-so', 'contradicts');
    t.strictSame(await verified(), ['disputed', 'v1', 1]);
    await send('claims/reprint/retraction', { reason: 'withdrawn' });
    t.strictSame(await verified(), ['disputed', 'v1', 2]);
    await send('claims/not-so/retraction', { reason: 'withdrawn' });
    t.strictSame(await verified(), ['corroborated', 'v1', 2]);
  },
);

// Seen to fail without the limit, and with the first ones shown.
t.test('of many withdrawals the last ones are shown, and all are counted', async (t) => {
  const { send, status } = await seeded(t);
  const before = await status();
  const from = [izium];
  let position = 0;
  for (let n = 1; n <= withdrawalsMax; n += 1) {
    const stated_purpose = `purpose ${n}`;
    position = await send('forces/ru/withdrawals', { from, basis: 'claimed', stated_purpose });
  }
  const { withdrawals, withdrawals_total } = await status();
  t.equal(withdrawals_total, before.withdrawals_total + withdrawalsMax);
  t.strictSame(
    withdrawals.map(({ stated_purpose }) => stated_purpose),
    Array.from({ length: withdrawalsMax }, (_, i) => `purpose ${i + 1}`),
  );
  const past = await status(`at_position=${position - 1}`);
  t.equal(past.withdrawals_total, withdrawals_total - 1);
  t.equal(past.withdrawals.at(-1)?.stated_purpose, `purpose ${withdrawalsMax - 1}`);
});
