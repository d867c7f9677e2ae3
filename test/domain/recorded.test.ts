import t from 'tap';
import { bySaidAt, byValidFrom, validFromMs } from '../../src/domain/recorded.ts';

const said = (position: number, asserted_at?: string, from?: string) => ({
  position,
  ...(asserted_at !== undefined && { asserted_at }),
  ...(from !== undefined && { occurred: { from } }),
});

t.test('what was said is ordered by when it was, not by when it was recorded', async (t) => {
  const ordered = [
    said(8),
    said(9),
    said(7, '2022-09-12'),
    said(3, undefined, '2022-09-12T01:00:00Z'),
    said(1, '2022-09-12T04:30:00+03:00'),
    said(2, '2022-09-12T01:30:00Z', '2022-09-01'),
    said(6, '2022-09-13'),
  ];
  t.strictSame(ordered.toReversed().sort(bySaidAt), ordered);
});

t.test('what is said to be so is ordered by its start, then as it was said', async (t) => {
  const ordered = [
    said(9),
    said(4, '2022-09-13', '2022-09-10'),
    said(2, '2022-09-11'),
    said(3, '2022-09-12', '2022-09-11'),
    said(1, '2022-09-13', '2022-09-11'),
  ];
  t.strictSame(ordered.toReversed().sort(byValidFrom), ordered);
  t.equal(validFromMs({}), Number.NEGATIVE_INFINITY);
});
