import fc from 'fast-check';
import t from 'tap';
import { mostCovering } from '../../src/domain/coverage.ts';
import { isOverBefore, type Span } from '../../src/domain/spans.ts';

const span = fc
  .tuple(fc.constantFrom('days', 'days_back', 'instants', 'mixed'), fc.nat(12), fc.nat(3))
  .map(([clock, start, length]) => {
    const startMs = start * 86_400_000;
    const endMs = startMs + (length + 1) * 86_400_000;
    return { span: { clock, from: '', to: '', startMs, endMs } as Span };
  });
const areDisjoint = (items: readonly { span: Span }[]) =>
  items.every((a, i) => items.slice(i + 1).every((b) => isOverBefore(a.span, b.span)));
const covered = (items: readonly { span: Span }[]) =>
  items.reduce((sum, one) => sum + one.span.endMs - one.span.startMs, 0);

t.test('of all choices that cover no moment twice, none covers more', async () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 9 }), (items) => {
      const chosen = mostCovering(items);
      const inOrder = items.toSorted((a, b) => a.span.startMs - b.span.startMs);
      const subsets = Array.from({ length: 2 ** items.length }, (_, bits) =>
        inOrder.filter((_one, i) => (bits >> i) & 1),
      ).filter(areDisjoint);
      const most = Math.max(...subsets.map(covered));
      return areDisjoint(chosen) && covered(chosen) === most;
    }),
  );
});

t.test('one statement of a week stands before seven of its days', async (t) => {
  const one = (from: number, to: number) => ({
    span: { clock: 'days', from: '', to: '', startMs: from, endMs: to } as Span,
  });
  const week = one(0, 7);
  t.strictSame(mostCovering([one(0, 3), week, one(3, 7)]), [week]);
  t.strictSame(mostCovering([one(0, 3), one(2, 4), one(3, 7)]), [one(0, 3), one(3, 7)]);
  t.strictSame(mostCovering([]), []);
});
