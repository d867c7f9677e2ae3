import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { readJson } from '../../src/http/json-body.ts';
import { JsonFault, scanJson } from '../../src/http/json-scanner.ts';
import { parseStrictJson } from '../../src/http/strict-json.ts';

const faultOf = (text: string | Buffer) => {
  try {
    if (typeof text === 'string') parseStrictJson(text);
    else readJson(text);
  } catch (error) {
    if (error instanceof JsonFault) return { pointer: error.pointer, detail: error.message };
    throw error;
  }
  return undefined;
};

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

t.test('what JSON.parse reads in one way only is read alike', async (t) => {
  const texts = [
    '{}',
    '[]',
    ' [ 1 , -0.5e3 ] ',
    '"\\u00e9\\n\\ud83d\\ude00"',
    'null',
    '{"":{"a":[]}}',
  ];
  for (const text of texts) t.strictSame(parseStrictJson(text), JSON.parse(text), text);
  const alike = fc.property(fc.json(), fc.constantFrom(0, 1, '\t'), (text, space) => {
    const value = JSON.parse(text);
    const spaced = JSON.stringify(value, null, space);
    return faultOf(spaced) !== undefined || isDeepStrictEqual(parseStrictJson(spaced), value);
  });
  t.doesNotThrow(() => fc.assert(alike, { numRuns: 500 }));
});

// Seen to fail with the scan taken out: JSON.parse's own error is no `JsonFault`.
t.test('what JSON.parse refuses is refused here, by the scan itself', async (t) => {
  const mutated = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', ':', '"', '}', ']', '0', '\\', '\n', 'x'))
    .map(([text, at, put]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + 1);
    });
  const texts = fc.oneof(mutated, fc.string(), fc.string({ unit: 'binary' }));
  // The converse does not hold: this is stricter.
  const refused = fc.property(texts, (text) => isJson(text) || faultOf(text) !== undefined);
  t.doesNotThrow(() => fc.assert(refused, { numRuns: 5_000 }));
});

// Seen to fail, each, without its check.
t.test('what reads in more ways than one is refused, and where is told', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['{"a":1,"a":1}', '/a', /more than once/],
    ['{"a":1,"\\u0061":2}', '/a', /more than once/],
    ['[{"x/y":{"~":0,"~":0}}]', '/0/x~1y/~0', /more than once/],
    ['{"__proto__":{"a":1}}', '/__proto__', /no name/],
    ['{"\\u005f_proto__":{"a":1}}', '/__proto__', /no name/],
    ['{"a":[{"constructor":1}]}', '/a/0/constructor', /no name/],
    [`{"a":{"${'n'.repeat(257)}":1}}`, '/a', /name of more than 256/],
    ['{"a":[0,1e400]}', '/a/1', /beyond/],
    ['{"a":-9007199254740993}', '/a', /beyond/],
    ['[1e-400]', '/0', /too small/],
    ['[300.0000000000000000001]', '/0', /digits/],
    ['[0.10000000000000000001]', '/0', /digits/],
    [`${'['.repeat(33)}${']'.repeat(33)}`, '/0'.repeat(32), /deeper than 32/],
    [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, '/0'.repeat(32), /deeper/],
    ['{"a":[1,2', '/a/1', /ends too soon, at character 10/],
    ['{"a":[1,}', '/a/1', /not JSON, at character 9/],
    ['{"a":"\u0000"}', '/a', /not JSON, at character 7/],
    ['[01]', '/0', /not JSON, at character 3/],
    ['', '', /ends too soon/],
    ['1 2', '', /not JSON, at character 3/],
  ];
  for (const [text, pointer, detail] of cases) {
    t.match(faultOf(text), { pointer, detail }, text.slice(0, 40));
  }
  t.equal(faultOf(`${'['.repeat(32)}${']'.repeat(32)}`), undefined);
  t.strictSame(
    parseStrictJson('[9007199254740991,0.30000000000000004,0e9,1E2,0.0]'),
    [9007199254740991, 0.30000000000000004, 0, 100, 0],
  );
});

// Seen to fail without `isShorterWithExponent`, and without `numberLengthMax`.
t.test('what is taken without a scan is what the scan would have taken', async (t) => {
  const scalars = ['0', '-0', '7', '12', '1e3', '1e9', '25e7', '1E-9', '1e-3', '0.01', '0.50'];
  const longs = ['1000', '123456789012345', '1234567890123456789', '0.12345678901234567891'];
  const scalar = fc.constantFrom(...scalars, ...longs, 'null', 'true', 'false', '""', '"a\\u0062"');
  const { text } = fc.letrec<{ text: string; member: string }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('text'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      fc.array(tie('member'), { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
    ),
    member: fc
      .tuple(fc.constantFrom('a', 'b', '\\u0061', 'constructor'), tie('text'))
      .map(([name, value]) => `"${name}":${value}`),
  }));
  const scanned = (one: string) => {
    try {
      scanJson(one);
      return true;
    } catch {
      return false;
    }
  };
  const alike = fc.property(text, (one) => (faultOf(one) === undefined) === scanned(one));
  t.doesNotThrow(() => fc.assert(alike, { numRuns: 20_000 }));
});

t.test('bytes that are not UTF-8, or begin with a mark, are refused and not mended', async (t) => {
  const bytes = (...codes: number[]) => Buffer.from([0x22, ...codes, 0x22]);
  for (const bad of [bytes(0xff), bytes(0xc0, 0xaf), bytes(0xed, 0xa0, 0x80), bytes(0xf5, 0x80)]) {
    t.match(faultOf(bad), { detail: 'is not UTF-8' });
  }
  t.match(faultOf(Buffer.from('\ufeff{}')), { detail: /byte order mark/ });
  t.match(faultOf(Buffer.alloc(0)), { detail: 'is empty' });
  t.equal(readJson(Buffer.from('"Харків"')), 'Харків');
});

t.test('a long number, string or run of spaces is read in one pass', async (t) => {
  const long = 2 ** 20;
  t.match(faultOf('1'.repeat(long)), { detail: /beyond/ });
  t.match(faultOf(`0.${'1'.repeat(long)}`), { detail: /digits/ });
  t.equal(faultOf(`"${'\\n'.repeat(long / 2)}"`), undefined);
  t.match(faultOf(`"${'\\'.repeat(long - 1)}`), { detail: /not JSON|too soon/ });
  t.match(faultOf(' '.repeat(long)), { detail: /too soon/ });
});
