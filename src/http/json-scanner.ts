/**
 * Says of a JSON text where it reads in more than one way, and as what: a name repeated, a number
 * that would be rounded, a level too deep. What it lets through, `JSON.parse` takes as it is.
 */
import { pointerTo } from './faults.ts';

export const depthMax = 32;
export const nameLengthMax = 256;
// As many as tell any two doubles apart; with more, digits would be dropped.
const digitsMax = 17;
// A number as short as this is below 2^53 and keeps its digits, unless it has an exponent.
const plainLengthMax = 15;
// Assigned to an object, these would reach into its prototype.
export const namesForbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** What is wrong with a text, and as a JSON pointer (RFC 6901) where. */
export class JsonFault extends Error {
  readonly pointer: string;
  constructor(detail: string, pointer: string) {
    super(detail);
    this.pointer = pointer;
  }
}

/** Reads all of `text`; throws `JsonFault` where it is not JSON that reads in one way only. */
export function scanJson(text: string): void {
  new Scanner(text).scan();
}

const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /true|false|null/y;
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

// An object or array that is not closed yet, and which member of it is being read.
type Opened = { names: Set<string> | undefined; member: string | number };

// A loop and a stack of its own, not recursion: no depth of nesting can exhaust the process's.
class Scanner {
  readonly #text: string;
  readonly #opened: Opened[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): void {
    do {
      while (this.#begin());
    } while (this.#goOn());
  }

  // Reads a value, or the beginning of one: true if a value inside it comes next.
  #begin(): boolean {
    switch (this.#peek()) {
      case '{':
        return this.#open({ names: new Set(), member: '' }, '}');
      case '[':
        return this.#open({ names: undefined, member: 0 }, ']');
      case '"':
        this.#string();
        return false;
      default:
        if (!this.#take(wordPattern)) this.#number();
        return false;
    }
  }

  #open(opened: Opened, close: string): boolean {
    if (this.#opened.length === depthMax) {
      throw new JsonFault(`nests deeper than ${depthMax} levels`, this.#pointer());
    }
    this.#at += 1;
    if (this.#peek() === close) {
      this.#at += 1;
      return false;
    }
    this.#opened.push(opened);
    if (opened.names !== undefined) this.#name(opened, opened.names);
    return true;
  }

  // After a value: true if another comes next, false at the end of the text.
  #goOn(): boolean {
    for (;;) {
      const char = this.#peek();
      const inner = this.#opened.at(-1);
      if (inner === undefined) {
        if (char !== '') throw this.#unexpected();
        return false;
      }
      this.#at += 1;
      if (char === ',') {
        if (inner.names !== undefined) this.#name(inner, inner.names);
        else inner.member = (inner.member as number) + 1;
        return true;
      }
      if (char !== (inner.names ? '}' : ']')) throw this.#unexpected(this.#at - 1);
      this.#opened.pop();
    }
  }

  #name(object: Opened, names: Set<string>): void {
    if (this.#peek() !== '"') throw this.#unexpected();
    const from = this.#at;
    const escaped = this.#string();
    const name: string = escaped
      ? JSON.parse(this.#text.slice(from, this.#at))
      : this.#text.slice(from + 1, this.#at - 1);
    if (name.length > nameLengthMax) {
      this.#opened.pop();
      throw new JsonFault(
        `has a name of more than ${nameLengthMax} characters in it`,
        this.#pointer(),
      );
    }
    object.member = name;
    if (names.has(name)) throw new JsonFault('is given more than once', this.#pointer());
    if (namesForbidden.has(name)) throw new JsonFault('is no name to use', this.#pointer());
    names.add(name);
    if (this.#peek() !== ':') throw this.#unexpected();
    this.#at += 1;
  }

  // Goes behind the closing quote: true if there is an escape on the way.
  #string(): boolean {
    const text = this.#text;
    let escaped = false;
    for (let at = this.#at + 1; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        return escaped;
      }
      if (code === backslash) {
        escaped = true;
        this.#at = at;
        if (!this.#take(escapePattern)) throw this.#unexpected();
        at = this.#at - 1;
      } else if (!(code >= space)) {
        // A control character, or NaN: the end of the text.
        throw this.#unexpected(at);
      }
    }
  }

  #number(): void {
    const from = this.#at;
    if (!this.#take(numberPattern)) throw this.#unexpected();
    const said = this.#text.slice(from, this.#at);
    if (said.length <= plainLengthMax && !/[eE]/.test(said)) return;
    const digits = said.replace(/[eE].*|[-.]/g, '').replace(/^0+|0+$/g, '');
    const value = Math.abs(Number(said));
    if (value > Number.MAX_SAFE_INTEGER || (value === 0 && digits !== '')) {
      throw new JsonFault('is beyond 2^53, or too small, to be kept as said', this.#pointer());
    }
    if (digits.length > digitsMax) {
      throw new JsonFault(
        `has more than ${digitsMax} digits, which cannot be kept`,
        this.#pointer(),
      );
    }
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  // The next character that is not white space; empty at the end.
  #peek(): string {
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') return char;
      this.#at += 1;
    }
  }

  #unexpected(at = this.#at): JsonFault {
    const detail = at < this.#text.length ? 'is not JSON' : 'is JSON that ends too soon';
    return new JsonFault(`${detail}, at character ${at + 1}`, this.#pointer());
  }

  #pointer(): string {
    return this.#opened.map(({ member }) => pointerTo(member)).join('');
  }
}
