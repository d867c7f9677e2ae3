import fc from 'fast-check';
import t from 'tap';
import { eachWord, wordsOf } from '../../src/domain/words.ts';

// Seen to fail, in two words where there is one, with lower case alone.
t.test('words of any script, in one form, each once', async (t) => {
  t.strictSame(wordsOf('Izium, IZIUM; izyum!', undefined, 'Ізюм'), ['izium', 'izyum', 'ізюм']);
  t.strictSame(wordsOf('3,000 km² in 2022-09'), ['3', '000', 'km2', 'in', '2022', '09']);
  t.strictSame(wordsOf('ﬁle', 'x́'), ['file', 'x́']);
  t.strictSame(wordsOf('Straße, STRASSE', 'λόγοσ ΛΌΓΟΣ'), ['strasse', 'λόγος']);
  t.strictSame(wordsOf('', ' ', `'";--`, '{}'), []);
  const [long] = wordsOf('𐐀'.repeat(30), '𐐨'.repeat(99));
  t.equal(long?.length, 40);
  t.equal(wordsOf('a'.repeat(41)).join(), 'a'.repeat(40));
  t.ok(wordsOf(`a${'𐐨'.repeat(30)}`)[0]?.isWellFormed(), 'no half of a character');
});

// Seen to fail with `z` one less, with the length of words unbounded, and without lower case.
t.test('texts of ASCII alone have the words that they have among others', async (t) => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 100 });
  const long = fc.string({ unit: fc.constantFrom('a', 'Z', '7', ' '), maxLength: 200 });
  fc.assert(
    fc.property(fc.oneof(ascii, long), (text) => {
      const words: string[] = [];
      eachWord(text, (plain, from, to) => words.push(plain.slice(from, to)));
      const among: string[] = [];
      eachWord(`${text} Ж`, (plain, from, to) => among.push(plain.slice(from, to)));
      t.strictSame([...words, 'ж'], among);
    }),
  );
});
