import fc from 'fast-check';
import t from 'tap';
import type { ClaimMade } from '../../src/domain/claim.ts';
import type { ClaimState } from '../../src/domain/claim-state.ts';
import {
  areAtOdds,
  controlHistoryOf,
  controlledPlace,
  controlOf,
} from '../../src/domain/control.ts';
import { control, made, view } from './views.ts';

const izium = 'geonames:707292';
const kupiansk = 'geonames:703656';
type Mention = NonNullable<ClaimMade['places']>[number];
const at = (place_id: string, relation: Mention['relation'] = 'at') => ({ place_id, relation });
const partOf = (id: string) => ({ 'ua-forces': 'ua' })[id];

const says = (
  id: string,
  claimant_id: string,
  from: string | undefined,
  answer = control('ua'),
  more: Partial<ClaimMade> = {},
): ClaimState => {
  const times = from !== undefined && { occurred: { from } };
  const making = made(id, answer, { claimant_id, places: [at(izium)], ...times, ...more });
  return view(making, { position: Number(id.slice(1)) });
};
const answers = (claims: readonly ClaimState[], validAt?: string) =>
  controlOf(izium, claims, validAt === undefined ? {} : { validAt }).statements.map(
    ({ claim_id }) => claim_id,
  );

// Izium, September 2022, as two sources have it.
const wikipedia = [
  says('k1', 'wikipedia', '2022-09-01', control('ru')),
  says('k2', 'wikipedia', '2022-09-10T11:29:00Z'),
];
const deepState = [
  says('k3', 'deepstate', '2022-09-10T21:49:00Z', control(null, 'contested')),
  says('k4', 'deepstate', '2022-09-11T13:09:00Z', control(null, 'unknown')),
  says('k5', 'deepstate', '2022-09-11T22:07:00Z'),
];
const both = [...wikipedia, ...deepState];

t.test('one statement per claimant, side by side, as each says of the time', async (t) => {
  const agreement = (validAt: string) => controlOf(izium, both, { validAt }).agreement;
  t.strictSame(answers(both, '2022-09-09'), ['k1']);
  t.strictSame(answers(both, '2022-09-10T12:00:00Z'), ['k2']);
  t.strictSame(answers(both, '2022-09-10T22:00:00Z'), ['k3', 'k2']);
  t.equal(agreement('2022-09-10T22:00:00Z'), 'contested');
  t.equal(agreement('2022-09-11T14:00:00Z'), 'uncontested', 'not to know contradicts nobody');
  t.equal(agreement('2022-09-12'), 'uncontested');
  t.match(controlOf(izium, both, { validAt: '2022-09-12' }).statements, [
    { claimant_id: 'deepstate', controller_id: 'ua', claim_id: 'k5' },
    { claimant_id: 'wikipedia', controller_id: 'ua', basis: 'claimed', claim_id: 'k2' },
  ]);
});

t.test('a date is its whole day, an instant itself', async (t) => {
  t.strictSame(answers(wikipedia, '2022-09-10'), ['k2']);
  t.strictSame(answers(wikipedia, '2022-09-10T11:29:00Z'), ['k2']);
  t.strictSame(answers(wikipedia, '2022-09-10T11:28:59Z'), ['k1']);
  t.strictSame(answers(wikipedia), ['k2']);
});

t.test('of one moment the latest said counts; recorded late is not said late', async (t) => {
  const early = says('k2', 'wikipedia', '2022-09-10', control('ru'), { asserted_at: '2022-09-11' });
  const late = says('k1', 'wikipedia', '2022-09-10', control('ua'), { asserted_at: '2022-09-13' });
  t.strictSame(answers([early, late]), ['k1']);
  t.strictSame(answers([late, early]), ['k1']);
  const asserted = says('k3', 'wikipedia', undefined, control('ru'), { asserted_at: '2022-09-14' });
  t.strictSame(answers([asserted, late]), ['k3']);
});

t.test('a statement without a time holds only now, and behind those with one', async (t) => {
  const { asserted_at: _at, ...data } = says('k9', 'wikipedia', undefined).current;
  const undated = view({ type: 'ClaimMade', data }, { position: 9 });
  t.strictSame(answers([undated]), ['k9']);
  t.strictSame(answers([undated], '2022-09-12'), []);
  t.strictSame(answers([undated, ...wikipedia]), ['k2']);
});

t.test('what gives an end holds until then, and what was before does not come back', async (t) => {
  const occurred = { from: '2022-08-01', to: '2022-08-10' };
  const ended = says('k2', 'ru', undefined, control('ru'), { occurred });
  const other = says('k3', 'ua', '2022-09-10');
  const all = [says('k1', 'ru', '2022-03-01', control(null, 'contested')), ended, other];
  t.strictSame(answers(all, '2022-07-31'), ['k1']);
  t.strictSame(answers(all, '2022-08-10'), ['k2']);
  t.strictSame(answers(all, '2022-08-11'), []);
  t.match(controlOf(izium, all, { validAt: '2022-10-01' }), {
    statements: [{ claim_id: 'k3' }],
    agreement: 'uncontested',
  });
  t.strictSame(answers(all), ['k2', 'k3'], 'said last, which is not of now');
  t.equal(controlOf(izium, all).agreement, 'uncontested');
  const moment = { from: '2022-08-01T12:00:00Z', to: '2022-08-01T12:00:00Z' };
  const instant = says('k4', 'ru', undefined, control('ru'), { occurred: moment });
  t.strictSame(answers([instant], '2022-08-01T12:00:00Z'), ['k4']);
  t.strictSame(answers([instant], '2022-08-01T12:00:01Z'), []);
});

t.test('without the claim that does not stand, the one before stands', async (t) => {
  const [before, after] = wikipedia as [ClaimState, ClaimState];
  t.strictSame(answers([before, { ...after, lifecycle: 'retracted' }]), ['k1']);
  t.strictSame(answers([before, { ...after, lifecycle: 'superseded' }]), ['k1']);
  t.strictSame(answers([before, { ...after, lifecycle: 'corrected' }]), ['k2']);
});

// Seen to fail, with one more, where what is said of later is told of before.
t.test('a claim over several places is about none of them alone', async (t) => {
  const places = [at(izium), at(kupiansk)];
  const together = says('k1', 'ua-forces', '2022-09-10', control('ua'), { places });
  t.match(controlOf(izium, [together]), {
    statements: [],
    agreement: 'uncontested',
    not_of_place: [{ claim_id: 'k1', reason: 'several-places' }],
  });
  t.strictSame(controlOf('geonames:1', [together]).not_of_place, []);
  const asOf = (validAt: string) => controlOf(izium, [together], { validAt }).not_of_place.length;
  t.strictSame([asOf('2022-09-09'), asOf('2022-09-10')], [0, 1]);
});

t.test('near, between, along and towards a place is not the place', async (t) => {
  for (const relation of ['near', 'between', 'along', 'in_direction_of'] as const) {
    const beside = says('k1', 'ru', '2022-09-10', control('ua'), { places: [at(izium, relation)] });
    t.match(controlOf(izium, [beside]), {
      statements: [],
      not_of_place: [{ claim_id: 'k1', reason: 'relation-not-at' }],
    });
  }
  const area = says('k1', 'ru', '2022-09-10', control('ua'), { places: [at(izium, 'area_of')] });
  t.equal(controlledPlace(area.current), izium);
  t.equal(controlledPlace(made('k1', control('ua')).data), undefined);
});

t.test('statements are at odds when both cannot be true', async (t) => {
  const one = (controller_id: string | null, status = 'controlled') =>
    ({ controller_id, status }) as Parameters<typeof areAtOdds>[0];
  t.ok(areAtOdds(one('ua'), one('ru')));
  t.notOk(areAtOdds(one('ua'), one('ua-forces'), partOf), 'a force holds it for its state');
  t.ok(areAtOdds(one('ua'), one('ua-forces')));
  t.ok(areAtOdds(one('ua'), one(null, 'contested')));
  t.ok(areAtOdds(one('ua'), one(null, 'none')));
  t.notOk(areAtOdds(one('ua', 'contested'), one(null, 'contested')));
  t.notOk(areAtOdds(one('ua'), one(null, 'unknown')));
  t.notOk(areAtOdds(one('ua'), one(null)));
});

const statement = fc.record({
  claimant: fc.constantFrom('a', 'b', 'c'),
  from: fc.constantFrom('2022-09-10', '2022-09-11', '2022-09-10T12:00:00Z'),
  controller: fc.constantFrom('ua', 'ru'),
  places: fc.constantFrom<Mention[][]>([at(izium)], [at(izium), at(kupiansk)], [at(izium, 'near')]),
});

t.test('nobody has two statements, and every one is about the place alone', async () => {
  fc.assert(
    fc.property(fc.array(statement), (all) => {
      const claims = all.map(({ claimant, from, controller, places }, i) =>
        says(`k${i}`, claimant, from, control(controller), { places }),
      );
      const answer = controlOf(izium, claims);
      const other = controlOf(izium, claims.toReversed());
      const claimants = answer.statements.map((one) => one.claimant_id);
      const byId = new Map(claims.map((one) => [one.current.claim_id, one.current]));
      return (
        new Set(claimants).size === claimants.length &&
        JSON.stringify(answer.statements) === JSON.stringify(other.statements) &&
        answer.statements.every((one) => byId.get(one.claim_id)?.places?.length === 1)
      );
    }),
  );
});

t.test('the history has all that was stated, in the order in which it holds', async (t) => {
  const retracted = says('k6', 'wikipedia', '2022-09-05', control('ua'), {});
  const elsewhere = says('k7', 'wikipedia', '2022-09-06', control('ua'), { places: [] });
  const all = [...deepState, elsewhere, { ...retracted, lifecycle: 'retracted' as const }];
  const history = controlHistoryOf(izium, [...all, ...wikipedia]);
  t.strictSame(
    history.map(({ statement, claim }) => [statement.claim_id, claim.lifecycle]),
    [
      ['k1', 'active'],
      ['k6', 'retracted'],
      ['k2', 'active'],
      ['k3', 'active'],
      ['k4', 'active'],
      ['k5', 'active'],
    ],
  );
});
