import t from 'tap';
import { wordsOf } from '../../src/domain/words.ts';

t.test('words of any script, in one form, each once', async (t) => {
  t.strictSame(wordsOf('Izium, IZIUM; izyum!', undefined, 'Ізюм'), ['izium', 'izyum', 'ізюм']);
  t.strictSame(wordsOf('3,000 km² in 2022-09'), ['3', '000', 'km2', 'in', '2022', '09']);
  t.strictSame(wordsOf('ﬁle', 'x́'), ['file', 'x́']);
  t.strictSame(wordsOf('', ' ', `'";--`, '{}'), []);
  const [long] = wordsOf('𐐀'.repeat(30), '𐐨'.repeat(99));
  t.equal(long?.length, 40);
  t.equal(wordsOf('a'.repeat(41)).join(), 'a'.repeat(40));
  t.ok(wordsOf(`a${'𐐨'.repeat(30)}`)[0]?.isWellFormed(), 'no half of a character');
});
