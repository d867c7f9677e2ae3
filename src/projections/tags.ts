/**
 * Tags: what rows are found by that has many values, and of which a row has many. A tag is stored
 * as a number that its text is digested to: half as long as the words it stands for, compared at
 * once, and made without a text of its own.
 */
import { type RawBuilder, sql } from 'kysely';
import { int8Array } from '../eventstore/binary-array.ts';

/**
 * 53 bits, which JavaScript and a bigint both hold. Of ten million texts that differ, two have one
 * number with a chance of 1 in 180: whoever asks for the one would be shown what has the other too.
 */
export type Tag = number;

/** Tags as a column has them, to be compared with it. */
export function tagArray(tags: readonly Tag[]): RawBuilder<readonly Tag[]> {
  return sql`${int8Array(tags)}::bigint[]`;
}

/** Whether the tag is among them, from `from` on. */
export function hasTag(tags: readonly Tag[], tag: Tag, from = 0): boolean {
  // What comes with arrays makes an object of the number first.
  for (let i = from; i < tags.length; i += 1) if (tags[i] === tag) return true;
  return false;
}

/** What is stored depends on all of these: another value is another version of the tables. */
const multipliers = [0x9e3779b1, 0x85ebca6b] as const;
const seeds = [0x243f6a88, 0x13198a2e] as const;
const upperBits = 0x1fffff;

/** How values of one kind become tags: of `value` from the code unit `from` on, up to `to`. */
export function tagger(kind: string): (value: string, from?: number, to?: number) => Tag {
  let [low, high] = seeds as readonly [number, number];
  const digest = (text: string, from: number, to: number) => {
    for (let i = from; i < to; i += 1) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, multipliers[0]);
      low ^= low >>> 15;
      high = Math.imul(high ^ unit, multipliers[1]);
      high ^= high >>> 13;
    }
  };
  digest(`${kind}:`, 0, kind.length + 1);
  const [lowOfKind, highOfKind] = [low, high];
  return (value, from = 0, to = value.length) => {
    low = lowOfKind;
    high = highOfKind;
    digest(value, from, to);
    // The last units have not gone everywhere yet, and each half is to tell of both.
    low = Math.imul(low ^ (high >>> 16), multipliers[1]);
    high = Math.imul(high ^ (low >>> 13), multipliers[0]);
    return ((high ^ (high >>> 16)) & upperBits) * 2 ** 32 + ((low ^ (low >>> 16)) >>> 0);
  };
}
