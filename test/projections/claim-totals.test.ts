import t from 'tap';
import { totalsIn } from '../../src/projections/claim-totals.ts';

// Another order is another version of the projection.
t.test('what is stored stays good: counts are in the order of this version', async (t) => {
  t.strictSame(totalsIn([1, 2, 3, 4, 5, 6, 7, 8, 0, 10]), {
    total: 25,
    by_verification: {
      unverified: 1,
      could_not_verify: 2,
      corroborated: 3,
      disputed: 4,
      verified: 5,
      refuted: 6,
    },
    by_lifecycle: { active: 7, corrected: 8, retracted: 10 },
  });
  t.strictSame(totalsIn(), { total: 0, by_verification: {}, by_lifecycle: {} });
});
