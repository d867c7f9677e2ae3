import t from 'tap';
import { isOverBefore, type Span, spanOf } from '../../src/domain/spans.ts';

type Period = Parameters<typeof spanOf>[1]['period'];
const of = (period: Period, asserted_at?: string) =>
  spanOf(
    { ...(asserted_at && { asserted_at }) },
    { measure: 'increment', ...(period && { period }) },
  );
const back = (duration: string) => ({ duration, ends: 'asserted_at' as const });
const ends = (span: Span | undefined) => span && [span.clock, span.from, span.to];

t.test('a duration is counted back from an instant, from a date in days', async (t) => {
  t.strictSame(ends(of(back('PT24H'), '2022-09-12T10:00:00+03:00')), [
    'instants',
    '2022-09-11T07:00:00.000Z',
    '2022-09-12T10:00:00+03:00',
  ]);
  t.strictSame(ends(of(back('PT24H'), '2022-09-12')), ['days_back', '2022-09-12', '2022-09-12']);
  t.strictSame(ends(of(back('P7D'), '2022-09-12')), ['days_back', '2022-09-06', '2022-09-12']);
  t.strictSame(ends(of(back('P1DT12H'), '2022-09-12')), ['days_back', '2022-09-11', '2022-09-12']);
});

t.test('what is not known, or has no extent, is no span', async (t) => {
  t.equal(of(back('PT24H')), undefined);
  t.equal(of(undefined, '2022-09-12'), undefined);
  t.equal(of(back('P0D'), '2022-09-12'), undefined);
  const at = '2022-09-12T10:00:00Z';
  t.equal(of({ from: at, to: at }), undefined);
  t.same(ends(of({ from: '2022-09-12', to: '2022-09-12' })), ['days', '2022-09-12', '2022-09-12']);
});

t.test('an increment without a period covers the time it is said to be of', async (t) => {
  const occurred = (said: object, measure: 'increment' | 'cumulative' = 'increment') =>
    ends(spanOf({ occurred: said as never }, { measure }));
  t.same(occurred({ from: '2022-09-10', to: '2022-09-11' }), ['days', '2022-09-10', '2022-09-11']);
  t.same(occurred({ from: '2022-09-10' }), ['days', '2022-09-10', '2022-09-10']);
  t.equal(occurred({ from: '2022-09-10', date_precision: 3 }), undefined);
  t.equal(occurred({ from: '2022-09-10T10:00:00Z' }), undefined);
  t.equal(occurred({ from: '2022-09-10' }, 'cumulative'), undefined);
});

t.test('a span is over before another, by one clock at once, else with two days', async (t) => {
  const day = (from: string, to = from) => of({ from, to }) as Span;
  const bulletin = (date: string) => of(back('PT24H'), date) as Span;
  const hours = (date: string) => of(back('PT24H'), `${date}T12:00:00Z`) as Span;
  t.ok(isOverBefore(day('2022-09-11'), day('2022-09-12')));
  t.notOk(isOverBefore(day('2022-09-11', '2022-09-12'), day('2022-09-12')));
  t.ok(isOverBefore(bulletin('2022-09-11'), bulletin('2022-09-12')));
  t.ok(isOverBefore(hours('2022-09-11'), hours('2022-09-12')));
  t.notOk(isOverBefore(day('2022-09-11'), bulletin('2022-09-12')), "a bulletin's day is vague");
  t.notOk(isOverBefore(day('2022-09-11'), hours('2022-09-13')), 'a date is a day in some zone');
  t.ok(isOverBefore(day('2022-09-10'), bulletin('2022-09-13')));
  const mixed = (date: string) => of({ from: date, to: `${date}T23:00:00Z` }) as Span;
  t.notOk(isOverBefore(mixed('2022-09-11'), mixed('2022-09-12')));
});
