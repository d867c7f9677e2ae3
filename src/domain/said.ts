/**
 * What has been said in a stream, newest first: the same act with the same words, source and times
 * is no news. A linked list, because each event adds one without a copy of all before it.
 */
import { Equal } from 'typebox/value';
import type { DataOf } from './catalogue.ts';
import { saidAtMs } from './recorded.ts';

type Words = Pick<DataOf<'ClaimMade'>, 'attribution' | 'asserted_at' | 'occurred'>;
type Fact = { readonly type: string; readonly data: Words };
export type Said = { readonly fact: Fact; readonly before: Said } | null;

/** `said` and `fact` after it. */
export function remember(said: Said, type: string, data: Words): Said {
  return { fact: { type, data }, before: said };
}

/** All that was said, in the order of its record. */
export function inOrderRecorded(said: Said): Fact[] {
  const facts: Fact[] = [];
  for (let one = said; one !== null; one = one.before) facts.push(one.fact);
  return facts.reverse();
}

/**
 * Whether the very same was said before, and its claimant has said nothing else in its place since;
 * `replaces` tells whether one of two facts of a stream is said in the place of the other.
 *
 * Who says g, then h, then g has come back to it. Only what was said at the same time can have come
 * between two of the same time, which a date or none leaves open. What is asserted later than h
 * gives another time, and so is no repetition; what was asserted before h stays one, however often
 * it is sent again.
 */
export function isSaid<One extends Fact>(
  said: Said,
  fact: One,
  replaces: (one: One, other: One) => boolean = neverReplaces,
): boolean {
  const saidAt = saidAtMs(fact.data);
  const { claimant_id } = fact.data.attribution;
  for (let one = said; one !== null; one = one.before) {
    const { type, data } = one.fact;
    if (type === fact.type && Equal(data, fact.data)) return true;
    const isSameClaimant = data.attribution.claimant_id === claimant_id;
    // A stream holds the facts of one aggregate.
    if (isSameClaimant && replaces(one.fact as One, fact) && saidAtMs(data) === saidAt)
      return false;
  }
  return false;
}

function neverReplaces(): boolean {
  return false;
}
