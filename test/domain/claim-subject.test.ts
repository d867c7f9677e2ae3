import t from 'tap';
import { claimSubjectOf, isAddedUp, orderMs } from '../../src/domain/claim-subject.ts';
import { deriveBounds, type QuantitySaid } from '../../src/domain/quantity.ts';
import { casualties, control, made, people } from './views.ts';

const subject = (...making: Parameters<typeof made>) => claimSubjectOf(made(...making).data);
const at = (...ids: string[]) => ids.map((place_id) => ({ place_id, relation: 'at' as const }));
const total = { measure: 'cumulative', period: { from: '2022-02-24', to: '2022-09-12' } } as const;
const tanks = (more: Partial<QuantitySaid> = {}) => {
  const said = {
    value: 2_169,
    qualifier: 'exact',
    unit: '{vehicle}',
    measure: 'cumulative',
  } as const;
  const quantity = deriveBounds({ ...said, ...more });
  return { kind: 'equipment_losses', side_id: 'ru', equipment_class: 'tank', quantity } as const;
};

t.test('control is of one place, or of several together', async (t) => {
  t.strictSame(subject('k1', control('ua'), { places: at('izium') }), {
    kind: 'control',
    claimant_id: 'ru-mod',
    place_id: 'izium',
    places: null,
  });
  const both = subject('k1', control('ua'), { places: at('kupiansk', 'izium', 'izium') });
  t.match(both, { place_id: null, places: at('izium', 'kupiansk') });
  t.strictSame(subject('k2', control('ru'), { places: at('izium', 'kupiansk') }), both);
  const near = [{ place_id: 'izium', relation: 'near' as const }];
  t.match(subject('k1', control('ua'), { places: near }), { place_id: null, places: near });
  t.equal(subject('k1', control('ua')), undefined, 'of no place at all');
});

t.test('whose word it is tells subjects apart; the number and who holds it do not', async (t) => {
  const places = at('izium');
  const one = subject('k1', control('ua'), { places });
  t.strictSame(subject('k2', control(null, 'unknown'), { places }), one);
  t.notSame(subject('k2', control('ua'), { places, claimant_id: 'ua' }), one);
  t.strictSame(subject('k1', tanks()), subject('k2', tanks({ value: 2_168 })));
});

t.test('a number is of its unit, measure, start and places', async (t) => {
  const area = (more: Partial<QuantitySaid> = {}, places = at('oblast')) => {
    const said = {
      value: 3_000,
      qualifier: 'more_than',
      unit: 'km2',
      measure: 'snapshot',
    } as const;
    const quantity = deriveBounds({ ...said, ...more });
    return subject('k1', { kind: 'area_control', controller_id: 'ua', quantity }, { places });
  };
  t.match(area(), { kind: 'area_control', controller_id: 'ua', unit: 'km2', places: at('oblast') });
  for (const other of [area({ unit: 'ha' }), area(total), area({}, at('elsewhere'))]) {
    t.notSame(other, area());
  }
  t.match(area(total), { since: '2022-02-24' });
  t.match(area({ measure: 'increment' }), { places: null }, 'increments are of all places');
});

t.test('settlements are of who took them; what states nothing has no subject', async (t) => {
  const quantity = people({ unit: '{settlement}' });
  t.match(subject('k1', { kind: 'settlements_taken', by_id: 'ua', quantity }), {
    kind: 'settlements_taken',
    controller_id: 'ua',
  });
  t.equal(subject('k1', { kind: 'statement', text: 'more than since April' }), undefined);
  t.equal(subject('k1', { kind: 'attack', attacker_id: 'ru', form: 'strike' }), undefined);
});

t.test('increments of casualties alone are added up', async (t) => {
  t.ok(isAddedUp(made('k1', casualties(people())).data));
  t.notOk(isAddedUp(made('k1', casualties(people(total))).data));
  t.notOk(isAddedUp(made('k1', tanks({ measure: 'increment' })).data));
});

t.test('control is ordered by when it is so, numbers by when they were said', async (t) => {
  const times = { asserted_at: '2022-09-12', occurred: { from: '2022-09-10' } };
  const order = (...making: Parameters<typeof made>) => orderMs(made(...making).data);
  t.equal(order('k1', control('ua'), times), Date.parse('2022-09-10'));
  t.equal(order('k1', tanks(), times), Date.parse('2022-09-12'));
});
