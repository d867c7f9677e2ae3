import fc from 'fast-check';
import t from 'tap';
import { type CasualtyTally, casualtyTallies, tallyOf } from '../../src/domain/casualties.ts';
import { notAddedReasons, subjectOf } from '../../src/domain/casualty-subject.ts';
import type { ClaimState } from '../../src/domain/claim-state.ts';
import type { QuantitySaid } from '../../src/domain/quantity.ts';
import { casualties, link, made, people, view } from './views.ts';

const day = { period: { duration: 'PT24H', ends: 'asserted_at' as const } };
const total = { measure: 'cumulative' as const, period: { from: '2022-02-24', to: '2022-09-12' } };
const moreThan300 = { value: 300, qualifier: 'more_than' } as const;

/** A claim of the day `asserted_at`, its position in the order of ids. */
const claim = (
  id: string,
  asserted_at: string,
  quantity: Partial<QuantitySaid>,
  { subject = {}, said = {}, state = {} }: { subject?: object; said?: object; state?: object } = {},
): ClaimState =>
  view(made(id, casualties(people(quantity), subject), { asserted_at, ...said }), {
    position: Number(id.slice(1)),
    ...state,
  });
const only = (...claims: ClaimState[]): CasualtyTally => {
  const [tally, ...others] = casualtyTallies(claims);
  if (tally === undefined || others.length > 0) throw new Error(`${others.length + 1} tallies`);
  return tally;
};
const reasons = ({ not_added }: CasualtyTally) =>
  Object.fromEntries(not_added.map(({ claim_id, reason }) => [claim_id, reason]));
const bounds = ({ quantity: { low, best, high } }: CasualtyTally) => [low, best, high];

const first = claim('k1', '2022-09-11', { ...day, value: 200 });
const second = claim('k2', '2022-09-12', { ...day, value: 300 });

t.test('increments over disjoint periods are added', async (t) => {
  const tally = only(first, second);
  t.match(tally, {
    claimant_id: 'ru-mod',
    side_id: 'ua',
    outcome: 'killed',
    quantity: { low: 500, best: 500, high: 500, unit: '{person}', measure: 'increment' },
    period: { from: '2022-09-11', to: '2022-09-12', has_gaps: false },
  });
  t.strictSame(tally.claim_ids, ['k1', 'k2']);
  t.strictSame(tally.not_added, []);
});

t.test('a period with days that nobody counted says so', async (t) => {
  const later = claim('k3', '2022-09-15', day);
  t.match(only(first, later).period, { from: '2022-09-11', to: '2022-09-15', has_gaps: true });
});

t.test('a bound is known when it is of all, else null, never zero', async (t) => {
  t.strictSame(bounds(only(first, claim('k2', '2022-09-12', { ...day, ...moreThan300 }))), [
    501,
    null,
    null,
  ]);
  const about = { ...day, value: 100, qualifier: 'approximately' } as const;
  t.strictSame(bounds(only(first, claim('k2', '2022-09-12', about))), [null, 300, null]);
  const none = only({ ...first, lifecycle: 'retracted' });
  t.strictSame(bounds(none), [null, null, null]);
  t.equal(none.period, null);
});

t.test('an open bound stays open in a sum', async (t) => {
  const measured = { ...day, ...moreThan300, unit: 'km2' };
  const open = only(claim('k1', '2022-09-11', measured), claim('k2', '2022-09-12', measured));
  t.match(open.quantity, { low: 600, low_exclusive: true });
});

t.test('overlapping and unknown periods are not added', async (t) => {
  const again = claim('k3', '2022-09-12', { ...day, value: 310 });
  const tally = only(first, second, again);
  t.strictSame(tally.claim_ids, ['k1', 'k3'], 'of the same period the latest said stands');
  t.strictSame(reasons(tally), { k2: 'period-overlaps' });
  t.strictSame(reasons(only(first, claim('k4', '2022-09-12', {}))), { k4: 'period-unknown' });
});

t.test('a claim that is alone is added to nothing, and need not tell its time', async (t) => {
  const undated = claim('k4', '2022-09-12', moreThan300);
  t.match(only(undated), { claim_ids: ['k4'], quantity: { low: 301 }, period: null });
  const tally = only(undated, claim('k5', '2022-09-13', moreThan300));
  t.strictSame(tally.claim_ids, ['k5']);
  t.strictSame(reasons(tally), { k4: 'period-unknown' });
});

t.test('totals are not added: the latest asserted stands', async (t) => {
  const early = claim('k1', '2022-09-11', { ...total, value: 5_000 });
  const late = claim('k2', '2022-09-12', { ...total, value: 5_100 });
  for (const tally of [only(early, late), only(late, early)]) {
    t.strictSame(bounds(tally), [5_100, 5_100, 5_100]);
    t.strictSame(tally.claim_ids, ['k2']);
    t.strictSame(reasons(tally), { k1: 'cumulative-replaced' });
  }
  const recordedLate = claim('k9', '2022-09-01', { ...total, value: 4_000 });
  t.strictSame(only(late, recordedLate).claim_ids, ['k2'], 'asserted, not recorded');
});

t.test('a total that goes down stands, and the one before says so', async (t) => {
  const high = claim('k1', '2022-10-12', { ...total, value: 5_181 });
  const low = claim('k2', '2022-10-13', { ...total, value: 5_167 });
  const tally = only(high, low);
  t.strictSame(bounds(tally), [5_167, 5_167, 5_167]);
  t.strictSame(reasons(tally), { k1: 'cumulative-decreased' });
  const upTo = claim('k2', '2022-10-13', { ...total, value: 5_000, qualifier: 'up_to' });
  t.strictSame(reasons(only(high, upTo)), { k1: 'cumulative-decreased' });
  const about = claim('k2', '2022-10-13', { ...total, value: 5_181, qualifier: 'at_least' });
  t.strictSame(reasons(only(high, about)), { k1: 'cumulative-replaced' });
});

t.test('of states at a time the latest stands', async (t) => {
  const state = { measure: 'snapshot', period: undefined } as never;
  const tally = only(claim('k1', '2022-09-11', state), claim('k2', '2022-09-12', state));
  t.strictSame(reasons(tally), { k1: 'snapshot-replaced' });
});

t.test('claims of different subjects are in different tallies', async (t) => {
  const tallies = casualtyTallies([
    first,
    claim('k2', '2022-09-12', day, { subject: { outcome: 'wounded' } }),
    claim('k3', '2022-09-12', day, { subject: { outcome: 'killed_or_wounded' } }),
    claim('k4', '2022-09-12', day, { subject: { category: 'civilian' } }),
    claim('k5', '2022-09-12', { ...day, unit: '{vehicle}' }),
    claim('k6', '2022-09-12', total),
    claim('k7', '2022-09-12', { ...total, period: { from: '2022-09-01', to: '2022-09-12' } }),
    claim('k8', '2022-09-12', total, {
      said: { places: [{ place_id: 'geonames:707292', relation: 'at' }] },
    }),
    claim('k9', '2022-09-12', day, { said: { claimant_id: 'ua' } }),
  ]);
  t.strictSame(tallies.map(({ claim_ids }) => claim_ids.join()).sort(), [
    ...['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9'],
  ]);
  t.strictSame(casualtyTallies([view(made('k1', { kind: 'statement', text: 'so' }))]), []);
});

t.test('one who asks for killed or wounded hears why killed and wounded are not it', async (t) => {
  const wounded = claim('k3', '2022-09-12', day, { subject: { outcome: 'wounded' } });
  const subject = subjectOf(first.current);
  if (subject === undefined) throw new Error('no subject');
  const tally = tallyOf({ ...subject, outcome: 'killed_or_wounded' }, [
    ...[first, wounded, claim('k4', '2022-09-12', day, { said: { claimant_id: 'ua' } })],
    view(made('k5', { kind: 'statement', text: 'so' })),
  ]);
  t.strictSame(bounds(tally), [null, null, null]);
  t.strictSame(reasons(tally), {
    k1: 'other-outcome',
    k3: 'other-outcome',
    k4: 'other-claimant',
    k5: 'not-casualties',
  });
  for (const { reason } of tally.not_added) t.match(notAddedReasons[reason], /\.$/);
});

t.test('what does not stand is left out, what is corrected counts as it reads', async (t) => {
  const tally = only(
    { ...first, lifecycle: 'corrected' },
    { ...second, lifecycle: 'retracted' },
    { ...claim('k3', '2022-09-13', day), lifecycle: 'superseded' },
  );
  t.strictSame(tally.claim_ids, ['k1']);
  t.strictSame(reasons(tally), { k2: 'retracted', k3: 'superseded' });
});

t.test('claims linked as one occurrence count once, also through others', async (t) => {
  const same = (id: string) => ({ state: { links: [link('same_occurrence', id)] } });
  const one = claim('k1', '2022-09-11', day, same('k8'));
  const two = claim('k2', '2022-09-12', day, same('k8'));
  t.strictSame(reasons(only(one, two)), { k1: 'same-occurrence' });
  const undated = claim('k3', '2022-09-12', {}, same('k1'));
  t.strictSame(only(one, undated).claim_ids, ['k1'], 'the one that tells its time');
  const contradicting = claim('k4', '2022-09-12', day, {
    state: { links: [link('contradicts', 'k1')] },
  });
  t.equal(only(one, contradicting).claim_ids.length, 2);
});

t.test('a claim over several places counts once, and over them together', async (t) => {
  const places = ['b', 'a'].map((place_id) => ({ place_id, relation: 'at' }));
  const one = claim('k1', '2022-09-11', { ...day, value: 200 }, { said: { places } });
  const tally = only(one, one, second);
  t.strictSame(bounds(tally), [500, 500, 500]);
  t.strictSame(tally.place_ids, ['a', 'b']);
  t.strictSame(tally.not_added, []);
});

const moments = fc.constantFrom(
  ...['2022-09-10', '2022-09-11', '2022-09-12', '2022-09-12T08:00:00Z', '2022-09-13T08:00:00Z'],
);
const quantities = fc.record(
  {
    value: fc.nat(1_000),
    qualifier: fc.constantFrom('exact', 'approximately', 'more_than', 'at_least', 'up_to'),
    measure: fc.constantFrom('increment', 'increment', 'cumulative', 'snapshot'),
    period: fc.oneof(
      fc.constantFrom('PT24H', 'P3D').map((duration) => ({ duration, ends: 'asserted_at' })),
      fc.tuple(moments, moments).map((ends) => {
        const [from, to] = ends.toSorted();
        return { from, to };
      }),
    ),
  },
  { requiredKeys: ['value', 'qualifier', 'measure'] },
);
const states = fc.constantFrom('active', 'active', 'corrected', 'retracted', 'superseded');
const claims = fc
  .array(
    fc.tuple(
      moments,
      quantities,
      states,
      fc.option(fc.nat(9)),
      fc.constantFrom('killed', 'missing'),
    ),
    { maxLength: 10 },
  )
  .map((all) =>
    all.map(([at, quantity, lifecycle, other, outcome], i) => {
      const links = other === null ? [] : [link('same_occurrence', `k${other}`)];
      const options = { subject: { outcome }, state: { lifecycle, links } };
      return claim(`k${i}`, at, quantity as Partial<QuantitySaid>, options);
    }),
  );

t.test('every claim is in one tally, added or not', async () => {
  fc.assert(
    fc.property(claims, (all) => {
      const ids = casualtyTallies(all).flatMap(({ claim_ids, not_added }) => [
        ...claim_ids,
        ...not_added.map(({ claim_id }) => claim_id),
      ]);
      const expected = all.map(({ current }) => current.claim_id);
      return JSON.stringify(ids.sort()) === JSON.stringify(expected.sort());
    }),
  );
});

t.test('the order of claims does not matter', async () => {
  const pairs = claims.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  const normal = (all: ClaimState[]) =>
    casualtyTallies(all)
      .map((tally) => JSON.stringify(tally))
      .sort();
  fc.assert(
    fc.property(pairs, ([all, shuffled]) => {
      return JSON.stringify(normal(all)) === JSON.stringify(normal(shuffled));
    }),
  );
});

t.test('low <= best <= high, and no bound is of nothing', async () => {
  fc.assert(
    fc.property(claims, (all) =>
      casualtyTallies(all).every((tally) => {
        const known = bounds(tally).filter((one) => one !== null);
        const isOrdered = known.every((one, i) => i === 0 || (known[i - 1] as number) <= one);
        return isOrdered && (tally.claim_ids.length > 0 || known.length === 0);
      }),
    ),
  );
});
