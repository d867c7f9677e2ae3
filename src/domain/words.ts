/** The words of a text, as texts in any language are searched by. */

const wordLengthMax = 40;
const letterOrDigit = /[\p{L}\p{M}\p{N}]+/gu;
const beyondAscii = /[^\0-\x7f]/;

/** Takes a word: what `plain` has from code unit `from` up to `to`. */
export type TakeWord = (plain: string, from: number, to: number) => void;

/**
 * Each word once: runs of letters, marks and digits, compatible forms made one (NFKC) and without
 * regard to case, the first `wordLengthMax` code units of each.
 */
export function wordsOf(...texts: readonly (string | undefined)[]): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    eachWord(text, (plain, from, to) => words.add(plain.slice(from, to)));
  }
  return [...words];
}

/** The words of a text one after the other, as often as they come, without a text for each. */
export function eachWord(text: string | undefined, take: TakeWord): void {
  if (text === undefined) return;
  if (beyondAscii.test(text)) eachOfAnyScript(text, take);
  else eachOfAscii(text.toLowerCase(), take);
}

function eachOfAnyScript(text: string, take: TakeWord): void {
  // By way of upper case, where ß is SS, and both sigmas are one.
  const plain = text.normalize('NFKC').toUpperCase().toLowerCase();
  for (const [run] of plain.matchAll(letterOrDigit)) {
    const word = shortened(run);
    take(word, 0, word.length);
  }
}

// The same words, without a text for each. Most texts come here.
function eachOfAscii(plain: string, take: TakeWord): void {
  for (let at = 0; at < plain.length; ) {
    const from = at;
    while (at < plain.length && isAsciiWord(plain.charCodeAt(at))) at += 1;
    if (at > from) take(plain, from, Math.min(at, from + wordLengthMax));
    else at += 1;
  }
}

// a to z, 0 to 9.
function isAsciiWord(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39);
}

// Without half a character at the end, which could not be stored.
function shortened(word: string): string {
  return word.length <= wordLengthMax ? word : word.slice(0, wordLengthMax).toWellFormed();
}
