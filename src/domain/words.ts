/** The words of a text, as texts in any language are searched by. */

const wordLengthMax = 40;

/**
 * Each word once: runs of letters, marks and digits, compatible forms made one (NFKC) and in lower
 * case, the first `wordLengthMax` code units of each.
 */
export function wordsOf(...texts: readonly (string | undefined)[]): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    if (text === undefined) continue;
    const plain = text.normalize('NFKC').toLowerCase();
    for (const word of plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) words.add(shortened(word));
  }
  return [...words];
}

// Without half a character at the end, which could not be stored.
function shortened(word: string): string {
  return word.length <= wordLengthMax ? word : word.slice(0, wordLengthMax).toWellFormed();
}
