import fc from 'fast-check';
import t from 'tap';
import type { ClaimMade } from '../../src/domain/claim.ts';
import {
  conflictGroups,
  conflictKeys,
  disagreement,
  disagreements,
} from '../../src/domain/claim-conflicts.ts';
import type { ClaimState } from '../../src/domain/claim-state.ts';
import type { QuantitySaid } from '../../src/domain/quantity.ts';
import { casualties, control, link, made, people, view } from './views.ts';

type More = NonNullable<Parameters<typeof made>[2]>;
const claim = (id: string, proposition: ClaimMade['proposition'], more: More = {}): ClaimState =>
  view(made(id, proposition, more), { position: Number(id.slice(1)) });
const groups = (...claims: ClaimState[]) =>
  conflictGroups(claims).map(({ reason, claim_ids }) => [reason, ...claim_ids]);

const total = { measure: 'cumulative' } as const;
const tanks = (id: string, value: number, more: More = {}) => {
  const quantity = people({ ...total, unit: '{vehicle}', value });
  const equipment_class = 'tank';
  return claim(
    id,
    { kind: 'equipment_losses', side_id: 'ru', equipment_class, quantity },
    {
      claimant_id: 'ua-general-staff',
      ...more,
    },
  );
};
const killed = (id: string, said: Partial<QuantitySaid>, more: More = {}) =>
  claim(id, casualties(people(said)), more);

t.test('two transcriptions of one total that differ are one statement, twice', async (t) => {
  // 12 September 2022: 2,169 in one public data set and 2,168 in another.
  t.strictSame(groups(tanks('k1', 2_169), tanks('k2', 2_168)), [
    ['transcriptions-differ', 'k1', 'k2'],
  ]);
  t.strictSame(groups(tanks('k1', 2_169), tanks('k2', 2_169)), []);
  const nextDay = tanks('k2', 2_168, { asserted_at: '2022-09-13' });
  t.strictSame(groups(tanks('k1', 2_169), nextDay), [], 'a lower total of another day is none');
});

t.test('a later total of the same day is a new statement', async (t) => {
  const at = (hour: string) => ({ asserted_at: `2022-09-12T${hour}:00:00Z` });
  t.strictSame(groups(tanks('k1', 2_168, at('06')), tanks('k2', 2_169, at('18'))), []);
  t.strictSame(groups(tanks('k1', 2_168, at('06')), tanks('k2', 2_169, at('06'))).length, 1);
  t.strictSame(groups(tanks('k1', 2_168), tanks('k2', 2_169, at('06'))).length, 1);
});

t.test('totals from different starts are different numbers', async (t) => {
  const since = (from: string) => ({ ...total, period: { from, to: '2022-09-12' } });
  const february = killed('k1', { ...since('2022-02-24'), value: 5_000 });
  t.strictSame(groups(february, killed('k2', { ...since('2022-09-01'), value: 4_000 })), []);
  t.equal(groups(february, killed('k2', { ...since('2022-02-24'), value: 4_000 })).length, 1);
  t.equal(groups(february, killed('k2', { ...total, value: 4_000 })).length, 1, 'start not given');
});

t.test('claimants disagree when no number fits both', async (t) => {
  const day = { period: { from: '2022-09-12', to: '2022-09-12' } };
  const moreThan300 = killed('k1', { ...day, qualifier: 'more_than' });
  const ua = { claimant_id: 'ua' };
  const by = (said: Partial<QuantitySaid>, more: More = ua) =>
    disagreement(moreThan300, killed('k2', { ...day, ...said }, more));
  t.equal(by({ value: 300 }), 'quantities-disjoint');
  t.equal(by({ value: 300 }, {}), 'quantities-disjoint', 'nor of one claimant');
  t.equal(by({ value: 301 }), undefined);
  t.equal(by({ value: 100, qualifier: 'up_to' }), 'quantities-disjoint');
  t.equal(by({ value: 100, qualifier: 'approximately' }), undefined, 'about is no bound');
  t.equal(by({ value: 100, period: { from: '2022-09-11', to: '2022-09-11' } }), undefined);
  t.equal(disagreement(moreThan300, killed('k2', { value: 1 }, ua)), undefined, 'of what time?');
  const wounded = claim('k2', casualties(people({ ...day, value: 1 }), { outcome: 'wounded' }), ua);
  t.equal(disagreement(moreThan300, wounded), undefined);
  const elsewhere = { ...ua, places: [{ place_id: 'x', relation: 'at' as const }] };
  t.equal(by({ value: 1 }, elsewhere), undefined);
});

t.test('an open bound excludes its end', async (t) => {
  const area = (id: string, said: Partial<QuantitySaid>, claimant_id: string) => {
    const quantity = people({ unit: 'km2', value: 3_000, ...total, ...said });
    return claim(id, { kind: 'area_control', controller_id: 'ua', quantity }, { claimant_id });
  };
  const more = area('k1', { qualifier: 'more_than' }, 'ua');
  t.equal(disagreement(more, area('k2', {}, 'ru')), 'quantities-disjoint');
  t.equal(
    disagreement(area('k1', { qualifier: 'at_least' }, 'ua'), area('k2', {}, 'ru')),
    undefined,
  );
});

t.test('halves of a day are not the same day', async (t) => {
  const half = { period: { duration: 'PT12H', ends: 'asserted_at' as const } };
  t.strictSame(groups(killed('k1', half), killed('k2', { ...half, value: 1 })), []);
  const whole = { period: { duration: 'PT24H', ends: 'asserted_at' as const } };
  t.equal(groups(killed('k1', whole), killed('k2', { ...whole, value: 1 })).length, 1);
});

const izium = { places: [{ place_id: 'geonames:707292', relation: 'at' as const }] };
const held = (id: string, claimant_id: string, by: string, from: string, to?: string) =>
  claim(id, control(by), { claimant_id, ...izium, occurred: { from, ...(to && { to }) } });

t.test('claims about the control of a place at one time disagree', async (t) => {
  const ukraine = held('k1', 'wikipedia', 'ua', '2022-09-10T11:29:00Z');
  const russia = held('k2', 'ru', 'ru', '2022-09-10T21:49:00Z');
  t.strictSame(groups(ukraine, russia), [['control-differs', 'k1', 'k2']]);
  t.strictSame(groups(ukraine, held('k2', 'ru', 'ua', '2022-09-10')), []);
  const ended = held('k2', 'ru', 'ru', '2022-09-01', '2022-09-09');
  t.strictSame(groups(ukraine, ended), [], 'said of a time before');
  const until = held('k2', 'ru', 'ru', '2022-09-01', '2022-09-10');
  t.equal(groups(ukraine, until).length, 1);
  const moment = '2022-09-10T12:00:00Z';
  t.equal(groups(ukraine, held('k2', 'ru', 'ru', moment, moment)).length, 1);
});

t.test("a claimant's next statement ends the one before", async (t) => {
  // Kupiansk, 13 September 2022: three changes within 23 minutes in one public list.
  const changes = [
    held('k1', 'wikipedia', 'ua', '2022-09-13T10:00:00Z'),
    held('k2', 'wikipedia', 'ru', '2022-09-13T10:10:00Z'),
    held('k3', 'wikipedia', 'ua', '2022-09-13T10:23:00Z'),
  ];
  t.strictSame(groups(...changes), []);
  t.equal(disagreement(changes[0] as ClaimState, changes[1] as ClaimState), undefined);
  const other = held('k4', 'ru', 'ua', '2022-09-13T10:20:00Z');
  t.strictSame(groups(...changes, other), [['control-differs', 'k2', 'k4']]);
  const twice = [held('k1', 'x', 'ua', '2022-09-13'), held('k2', 'x', 'ru', '2022-09-13')];
  t.strictSame(groups(...twice, held('k3', 'x', 'ua', '2022-09-14')), [
    ['control-differs', 'k1', 'k2'],
  ]);
});

t.test('a claim over several places is compared with none about one', async (t) => {
  const places = [...izium.places, { place_id: 'x', relation: 'at' as const }];
  const together = claim('k1', control('ua'), { claimant_id: 'ua', places });
  t.strictSame(groups(together, held('k2', 'ru', 'ru', '2022-09-12')), []);
});

t.test('linked claims disagree, whichever side linked, and are one group', async (t) => {
  const statement = { kind: 'statement', text: 'so' } as const;
  const [one, two, three] = ['k1', 'k2', 'k3'].map((id) => claim(id, statement)) as [
    ...[ClaimState, ClaimState, ClaimState],
  ];
  const links = [link('contradicts', 'k2'), link('contradicts', 'k3')];
  t.equal(disagreement({ ...one, links }, two), 'linked-contradicts');
  t.equal(disagreement(two, { ...one, links }), 'linked-contradicts');
  t.strictSame(groups({ ...one, links }, two, three), [['linked-contradicts', 'k1', 'k2', 'k3']]);
  t.strictSame(groups(one, two, three), []);
  t.strictSame(groups({ ...one, links: [link('corroborates', 'k2')] }, two), []);
  t.strictSame(groups({ ...one, links }, { ...two, lifecycle: 'retracted' }), []);
});

t.test('a claim that does not stand disagrees with none', async (t) => {
  const gone = { ...tanks('k1', 2_169), lifecycle: 'superseded' } as const;
  t.strictSame(conflictKeys(gone), []);
  t.equal(disagreement(gone, tanks('k2', 2_168)), undefined);
  t.equal(disagreement(tanks('k2', 2_168), gone), undefined);
  t.strictSame(groups(gone, tanks('k2', 2_168)), []);
});

t.test('each reason has a sentence', async (t) => {
  for (const sentence of Object.values(disagreements)) t.match(sentence, /\.$/);
});

const any = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('ua', 'ru'), fc.nat(3)).map(
    ([claimant, by, day]) =>
      (id: string) =>
        held(id, claimant, by, `2022-09-1${day}`),
  ),
  fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 3 }), fc.nat(1)).map(
    ([claimant_id, value, day]) =>
      (id: string) =>
        tanks(id, value, { claimant_id, asserted_at: `2022-09-1${day}` }),
  ),
);
const claims = fc
  .tuple(fc.array(any, { maxLength: 8 }), fc.array(fc.tuple(fc.nat(7), fc.nat(7))))
  .map(([all, linked]) =>
    all.map((claimOf, i) => {
      const others = linked.filter(([from, to]) => from === i && to !== i);
      return { ...claimOf(`k${i}`), links: others.map(([, to]) => link('contradicts', `k${to}`)) };
    }),
  );

t.test('claims disagree only under a common key, and from either side', async () => {
  fc.assert(
    fc.property(claims, (all) =>
      all.every((a) =>
        all.every((b) => {
          if (a === b) return true;
          const reason = disagreement(a, b);
          const keys = new Set(conflictKeys(a));
          const isKeyed = conflictKeys(b).some((key) => keys.has(key));
          return reason === disagreement(b, a) && (reason === undefined || isKeyed);
        }),
      ),
    ),
  );
});

t.test('groups know no order, and hold only claims that disagree', async () => {
  fc.assert(
    fc.property(claims, (all) => {
      const normal = (some: ClaimState[]) =>
        conflictGroups(some)
          .map((one) => JSON.stringify(one))
          .sort();
      const byId = new Map(all.map((one) => [one.current.claim_id, one]));
      const disagrees = (id: string, ids: readonly string[]) =>
        ids.some((other) => {
          const [a, b] = [byId.get(id) as ClaimState, byId.get(other) as ClaimState];
          return other !== id && disagreement(a, b) !== undefined;
        });
      return (
        JSON.stringify(normal(all)) === JSON.stringify(normal(all.toReversed())) &&
        conflictGroups(all).every(({ claim_ids }) =>
          claim_ids.every((id) => disagrees(id, claim_ids)),
        )
      );
    }),
  );
});
