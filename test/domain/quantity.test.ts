import fc from 'fast-check';
import t from 'tap';
import { deriveBounds, type QuantitySaid, quantityFaults } from '../../src/domain/quantity.ts';

const people = { unit: '{person}', measure: 'increment' } as const;
const area = { unit: 'km2', measure: 'cumulative' } as const;
const bounds = (said: QuantitySaid) => {
  const { low, best, high } = deriveBounds(said);
  return [low, best, high];
};

t.test('bounds follow from the qualifier and from nothing else', async (t) => {
  const said = (qualifier: QuantitySaid['qualifier'], more = {}) =>
    bounds({ ...people, qualifier, value: 300, ...more });
  t.same(said('exact'), [300, 300, 300]);
  t.same(said('unspecified'), [300, 300, 300]);
  t.same(said('approximately'), [null, 300, null]);
  t.same(said('more_than'), [301, null, null]);
  t.same(said('at_least'), [300, null, null]);
  t.same(said('less_than'), [null, null, 299]);
  t.same(said('at_most'), [null, null, 300]);
  t.same(said('up_to'), [null, null, 300]);
  t.same(said('between', { value_to: 400 }), [300, null, 400]);
  t.same(
    said('between', { value_to: 400, value_best: 310 }),
    [300, 310, 400],
    'as its source says',
  );
  t.same(bounds({ ...people, qualifier: 'vague' }), [null, null, null]);
});

t.test('a measure has an open bound where a count has the next number', async (t) => {
  t.match(deriveBounds({ ...area, qualifier: 'more_than', value: 3_000 }), {
    low: 3_000,
    best: null,
    high: null,
    low_exclusive: true,
  });
  t.same(bounds({ ...area, qualifier: 'less_than', value: 3_000 }), [null, null, 3_000]);
});

t.test('what cannot be is named by pointer', async (t) => {
  const pointers = (said: QuantitySaid) => quantityFaults(said, '/q').map((one) => one.pointer);
  t.same(pointers({ ...people, qualifier: 'exact' }), ['/q/value']);
  t.same(pointers({ ...people, qualifier: 'vague', value: 1 }), ['/q/value']);
  t.same(pointers({ ...people, qualifier: 'between', value: 2 }), ['/q/value_to']);
  t.same(pointers({ ...people, qualifier: 'between', value: 2, value_to: 1 }), ['/q/value_to']);
  t.same(pointers({ ...people, qualifier: 'exact', value: 1, value_to: 2 }), ['/q/value_to']);
  const range = { ...people, qualifier: 'between', value: 2, value_to: 4 } as const;
  t.same(pointers({ ...range, value_best: 3 }), []);
  for (const value_best of [1, 5, 2.5])
    t.same(pointers({ ...range, value_best }), ['/q/value_best']);
  t.same(pointers({ ...people, qualifier: 'exact', value: 1, value_best: 1 }), ['/q/value_best']);
  t.same(pointers({ ...people, qualifier: 'exact', value: 1.5 }), ['/q/value']);
  t.same(pointers({ ...people, qualifier: 'less_than', value: 0 }), ['/q/value']);
  t.same(pointers({ ...area, qualifier: 'exact', value: 1.5 }), []);
  for (const unit of ['{person', 'person}', '10*3{person}', '{}', '{a}{b}'])
    t.same(pointers({ ...area, unit, qualifier: 'vague' }), ['/q/unit'], unit);
});

t.test('what is counted has a count, and what is measured none', async (t) => {
  const unitFaults = (unit: string, counted: boolean) =>
    quantityFaults({ ...area, unit, qualifier: 'vague' }, '/q', counted);
  t.same(unitFaults('{person}', true), []);
  t.same(unitFaults('km2', false), []);
  t.match(unitFaults('km2', true), [{ pointer: '/q/unit', detail: /no count/ }]);
  t.match(unitFaults('{settlement}', false), [{ pointer: '/q/unit', detail: /a count/ }]);
});

t.test('low <= best <= high whenever they are there', async () => {
  const qualifiers = ['exact', 'approximately', 'more_than', 'at_least', 'less_than'] as const;
  const others = ['at_most', 'up_to', 'between', 'vague', 'unspecified'] as const;
  const said = fc.record(
    {
      qualifier: fc.constantFrom(...qualifiers, ...others),
      unit: fc.constantFrom('{person}', 'km2'),
      measure: fc.constant('increment' as const),
      value: fc.nat(),
      value_to: fc.nat(),
    },
    { requiredKeys: ['qualifier', 'unit', 'measure'] },
  );
  fc.assert(
    fc.property(said, (quantity) => {
      fc.pre(quantityFaults(quantity as QuantitySaid, '').length === 0);
      const there = bounds(quantity as QuantitySaid).filter((one) => one !== null);
      return there.every((one, i) => i === 0 || (there[i - 1] as number) <= one);
    }),
  );
});
