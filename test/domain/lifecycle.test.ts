import t from 'tap';
import { stands, stronger } from '../../src/domain/lifecycle.ts';

t.test('a corrected claim stands, a superseded or retracted one does not', async (t) => {
  t.ok(stands({ lifecycle: 'active' }));
  t.ok(stands({ lifecycle: 'corrected' }));
  t.notOk(stands({ lifecycle: 'superseded' }));
  t.notOk(stands({ lifecycle: 'retracted' }));
});

t.test('of two that apply the one that says more takes precedence', async (t) => {
  const order = ['active', 'corrected', 'superseded', 'retracted'] as const;
  for (const [i, one] of order.entries()) {
    for (const [j, two] of order.entries()) t.equal(stronger(one, two), order[Math.max(i, j)]);
  }
});
