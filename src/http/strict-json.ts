/**
 * JSON that reads in one way only (I-JSON, RFC 7493). `JSON.parse` keeps the last of two members of
 * one name and rounds a number that it cannot hold: what is recorded would not be what was said.
 *
 * What is as short as can be costs 0.2 of what JSON.parse does on top of it, the rest 2.0 to 2.2.
 * Of the libraries, lossless-json costs as much and more, recurses until the stack is full, and
 * lets a name be repeated with the same value; jsonc-parser and momoa look for no repeated names.
 */
import { depthMax, nameLengthMax, namesForbidden, scanJson } from './json-scanner.ts';

/** The value that `text` stands for; throws `JsonFault`. */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    scanJson(text);
    throw error;
  }
  // A text as short as can be has lost nothing; of others the scanner tells.
  if (text.length !== lengthOf(value, depthMax)) scanJson(text);
  return value;
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
