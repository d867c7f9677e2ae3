/**
 * What has been said in a stream, newest first: the same act with the same words, source and times
 * is no news. A linked list, because each event adds one without a copy of all before it.
 */
import { Equal } from 'typebox/value';

type Fact = { readonly type: string; readonly data: object };
export type Said = { readonly fact: Fact; readonly before: Said } | null;

/** `said` and `fact` after it. */
export function remember(said: Said, type: string, data: object): Said {
  return { fact: { type, data }, before: said };
}

/** Whether the very same was said before. */
export function isSaid(said: Said, fact: Fact): boolean {
  for (let one = said; one !== null; one = one.before) {
    if (one.fact.type === fact.type && Equal(one.fact.data, fact.data)) return true;
  }
  return false;
}
