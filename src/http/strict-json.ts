/**
 * JSON that reads in one way only (I-JSON, RFC 7493). `JSON.parse` keeps the last of two members of
 * one name and rounds a number that it cannot hold: what is recorded would not be what was said.
 *
 * What is plain costs 0.8 of what JSON.parse does on top of it, the rest 1.3 to 1.5 times that. Of
 * the libraries, lossless-json costs as much and more, recurses until the stack is full, and lets a
 * name be repeated with the same value; jsonc-parser and momoa look for no repeated names.
 */
import { depthMax, nameLengthMax, namesForbidden, scanJson } from './json-scanner.ts';

const quote = 0x22;

/** The value that `text` stands for; throws `JsonFault`. */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    scanJson(text);
    throw error;
  }
  if (!readsInOneWay(text, value)) scanJson(text);
  return value;
}

/**
 * Whether it is plain that `text` has nothing in it that `value` has lost: it is as long as what
 * `JSON.stringify` would make of the value, or has as many strings and names. Where it is not plain
 * the scanner tells.
 */
function readsInOneWay(text: string, value: unknown): boolean {
  if (text.length === lengthOf(value, depthMax)) return true;
  let quotes = 0;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) === quote) quotes += 1;
  // An escaped quote counts as one more.
  return quotes === 2 * countStrings(value, depthMax) && !longNumber.test(text);
}

/**
 * How long the shortest text of a value is: white space, escapes and superfluous zeros make one
 * longer, and a member that the value has lost would too. NaN where it nests too deep, has names
 * that may not be, or a number that could be written shorter, with an exponent, or has more digits
 * than are surely kept.
 */
function lengthOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value === 'number') {
    const isShorterWithExponent = value % 1_000 === 0 || Math.abs(value) < 0.01;
    if (isShorterWithExponent && value !== 0) return Number.NaN;
    const { length } = String(value);
    return length <= numberLengthMax ? length : Number.NaN;
  }
  if (typeof value !== 'object' || value === null) return value === false ? 5 : 4;
  if (depth === 0) return Number.NaN;
  // What is around the members, and between them: one less than there are of these.
  let length = 1;
  if (Array.isArray(value)) {
    for (const item of value) length += 1 + lengthOf(item, depth - 1);
  } else {
    for (const name in value) {
      if (name.length > nameLengthMax || namesForbidden.has(name)) return Number.NaN;
      length += 4 + name.length + lengthOf((value as Record<string, unknown>)[name], depth - 1);
    }
  }
  return Math.max(2, length);
}

// Shorter than any that JavaScript writes with an exponent, and below 2^53.
const numberLengthMax = 15;

// Of numbers in an array or object; also finds what looks like one inside a string.
const longNumber = /[:,[]\s*-?(?:\d[\d.]{14}|[\d.]+[eE])/;

// How many strings and names a value holds; NaN where it nests too deep, has names that may not be
// or is no object, so that every number in it follows one of the signs above.
function countStrings(value: unknown, depth: number): number {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null) return depth === depthMax ? Number.NaN : 0;
  if (depth === 0) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countStrings(item, depth - 1);
    return count;
  }
  for (const name in value) {
    if (name.length > nameLengthMax || namesForbidden.has(name)) return Number.NaN;
    count += 1 + countStrings((value as Record<string, unknown>)[name], depth - 1);
  }
  return count;
}
