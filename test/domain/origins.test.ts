import fc from 'fast-check';
import t from 'tap';
import {
  areIndependent,
  countOrigins,
  hopsOf,
  originOf,
  type Source,
} from '../../src/domain/origins.ts';
import { hop } from './views.ts';

const via = (...actorIds: string[]): Source => ({
  claimant_id: 'ru-mod',
  chain: actorIds.map((one) => hop(one)),
});

t.test('the origin is the first hop, without a chain the claimant', async (t) => {
  t.equal(originOf(via('afp', 'cnn')), 'afp');
  t.equal(originOf(via('cnn')), 'cnn');
  t.equal(originOf(via()), 'ru-mod');
  t.strictSame(hopsOf(via('afp', 'cnn')), ['afp', 'cnn']);
});

t.test('sources are independent when they share no hop', async (t) => {
  t.ok(areIndependent(via('afp', 'cnn'), via('reuters', 'bbc')));
  t.notOk(areIndependent(via('afp', 'cnn'), via('afp', 'bbc')));
  t.notOk(areIndependent(via('afp', 'cnn'), via('reuters', 'cnn')));
});

t.test('one agency reprinted by forty outlets counts once', async (t) => {
  const reprints = Array.from({ length: 40 }, (_, i) => via('afp', `outlet-${i}`));
  t.equal(countOrigins(reprints), 1);
  t.equal(countOrigins([...reprints, via('reuters', 'bbc')]), 2);
  t.equal(countOrigins([]), 0);
});

t.test('what a third source joins is one', async (t) => {
  t.equal(countOrigins([via('afp'), via('reuters')]), 2);
  t.equal(countOrigins([via('afp'), via('reuters'), via('afp', 'reuters')]), 1);
});

// Seen to fail with hops alone; with an empty chain alone, and with all sources of a claimant one.
t.test('what a claimant says itself and what others quote is one origin', async (t) => {
  t.equal(countOrigins([via(), via('afp')]), 1);
  t.equal(countOrigins([via(), via('afp'), via('reuters', 'bbc')]), 1);
  t.equal(countOrigins([via('ru-mod', 'tass'), via('afp')]), 1);
  t.equal(countOrigins([via('afp'), via('reuters')]), 2, 'where nobody heard it there');
  const other = { claimant_id: 'ua', chain: [hop('cnn')] };
  t.equal(countOrigins([via(), via('afp'), other]), 2, 'who else says so is another');
  t.notOk(areIndependent(via(), via('afp')));
});

const source = fc
  .array(fc.constantFrom(...'abcdefghij', 'ru-mod'), { maxLength: 4 })
  .map((ids) => via(...ids));
const sources = fc.array(source, { minLength: 1, maxLength: 12 });

t.test('a reprint of what is there never raises the count', async () => {
  fc.assert(
    fc.property(sources, fc.nat(), fc.string({ minLength: 1 }), (all, nth, outlet) => {
      const origin = all[nth % all.length] as Source;
      const reprint = via(...hopsOf(origin), outlet);
      return countOrigins([...all, reprint]) <= countOrigins(all);
    }),
  );
});

t.test('the count is at most the number of first hops, and knows no order', async () => {
  fc.assert(
    fc.property(sources, (all) => {
      const origins = new Set(all.map(originOf));
      const count = countOrigins(all);
      return count >= 1 && count <= origins.size && count === countOrigins(all.toReversed());
    }),
  );
});

t.test('as many sources as are independent of each other count', async () => {
  fc.assert(
    fc.property(sources, (all) => {
      const chosen: Source[] = [];
      for (const one of all) if (chosen.every((two) => areIndependent(one, two))) chosen.push(one);
      return countOrigins(chosen) === chosen.length;
    }),
  );
});
