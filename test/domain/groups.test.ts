import t from 'tap';
import { connectedBy } from '../../src/domain/groups.ts';

const groups = (...items: string[]) =>
  connectedBy(
    items.map((keys) => ({ keys })),
    ({ keys }) => [...keys],
  ).map((group) => group.map(({ keys }) => keys));

t.test('items that share a key are together, also through others', async (t) => {
  t.strictSame(groups('ab', 'cd', 'ef'), [['ab'], ['cd'], ['ef']]);
  t.strictSame(groups('ab', 'cd', 'bc'), [['ab', 'cd', 'bc']]);
  t.strictSame(groups('ab', 'cd', 'ef', 'da'), [['ab', 'cd', 'da'], ['ef']]);
  t.strictSame(groups('a', 'a'), [['a', 'a']]);
});

t.test('an item without a key is alone', async (t) => {
  t.strictSame(groups('', 'a', ''), [[''], ['a'], ['']]);
});
