/** Whatever is sent, the answer is a success or a problem of the client's, and never a 5xx. */
import fc from 'fast-check';
import t from 'tap';
import { recordSeed, testService } from '../service.ts';
import { isProblem, send } from './raw.ts';

const claim = {
  conflict_id: 'russia-ukraine-2022',
  attribution: {
    claimant_id: 'ru-mod',
    chain: [{ actor_id: 'cnn', role: 'publisher' }],
    quote: { text: 'more than 300', language: 'en' },
  },
  occurred: { from: '2022-09-11', to: '2022-09-12T10:00:00Z', date_precision: 1 },
  asserted_at: '2022-09-12',
  places: [{ place_id: 'geonames:707292', relation: 'at' }],
  proposition: {
    kind: 'casualties',
    side_id: 'ua',
    category: 'military',
    outcome: 'killed',
    quantity: { value: 300, qualifier: 'more_than', unit: '{person}', measure: 'increment' },
  },
};

const anything = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.constantFrom('__proto__', '\u0000', '\ud800', '9999-12-31', '2022-02-29', 1e21, -0, [], {}),
);

// The value with one thing in it, at any depth, replaced, left out, or given a neighbour.
const mutated = fc
  .tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'add'), anything)
  .map(([seed, how, value]) => {
    const copy = structuredClone(claim);
    let at: Record<string, unknown> = copy;
    for (let rest = seed; ; rest = Math.floor(rest / 7)) {
      const names = Object.keys(at);
      const name = names[rest % (names.length || 1)] ?? 'x';
      const inner = at[name];
      const deeper = typeof inner === 'object' && inner !== null && rest % 7 !== 0;
      if (deeper) at = inner as Record<string, unknown>;
      else {
        if (how === 'remove') delete at[name];
        else at[how === 'add' ? `${name}x` : name] = value;
        return JSON.stringify(copy);
      }
    }
  });

// Bytes put over the text of a claim, so that it may be no JSON, and no UTF-8, any more.
const scratched = fc
  .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }))
  .map(([seed, bytes]) => {
    const text = Buffer.from(JSON.stringify(claim));
    text.set(bytes, seed % (text.length - 4));
    return text;
  });

// Seen to fail with Fastify's own error bodies.
t.test('no body makes the service fail', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const bodies = fc.oneof(
    anything.map((value) => JSON.stringify(value) ?? ''),
    mutated,
    scratched,
  );
  const paths = fc.oneof(
    { weight: 6, arbitrary: fc.constant('/v1/claims') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '/v1/places',
        '/v1/reports',
        '/v1/claims/ru-mod-2022-09-12-killed/assessments',
        '/v1/forces/ru/withdrawals',
      ),
    },
  );
  await fc.assert(
    fc.asyncProperty(paths, bodies, async (path, body) => {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      const { status, headers } = response;
      if (status >= 300) isProblem(t, { status, headers, body: answer }, status);
      if (status >= 500) throw new Error(`${status} ${JSON.stringify(answer)}`);
    }),
    { numRuns: 600 },
  );
});

// Seen to fail with a cursor's time unchecked.
t.test('no path, query or header makes the service fail', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const part = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())),
    fc.string({ unit: 'grapheme-ascii' }).map((text) => text.replace(/\s/g, '+')),
  );
  const time = fc.oneof(anything, fc.constantFrom('Sun', '2022', '2022-02-30T00:00:00Z'));
  const forged = fc
    .tuple(time, fc.oneof(fc.maxSafeInteger(), anything))
    .map((both) => `cursor=${Buffer.from(JSON.stringify(both)).toString('base64url')}`);
  const names = [
    'conflict',
    'cursor',
    'limit',
    'after',
    'min_position',
    'wait_ms',
    'place',
    'type',
  ];
  const pair = fc.tuple(fc.constantFrom(...names, 'x'), part).map((both) => both.join('='));
  const query = fc.array(fc.oneof(pair, forged), { maxLength: 2 });
  const path = fc.constantFrom('/v1/timeline', '/v1/events', '/v1/streams/', '/v1/conflicts/');
  const header = fc.constantFrom('if-match', 'idempotency-key', 'accept', 'range', 'content-type');
  await fc.assert(
    fc.asyncProperty(path, part, query, header, part, async (path, more, query, name, value) => {
      const target = `${path}${path.endsWith('/') ? more : ''}?${query.join('&')}`;
      const head = `GET ${target} HTTP/1.1\r\nhost: x\r\n${name}: ${value}\r\n`;
      const answer = await send(url, `${head}connection: close\r\n\r\n`);
      if (answer.status >= 300) isProblem(t, answer, answer.status, head);
      // A view that has not come as far as was asked says so by 503; nothing else may.
      const behind = answer.status === 503 && answer.body.code === 'view-behind';
      if (answer.status >= 500 && !behind) throw new Error(`${answer.status} ${head}`);
    }),
    { numRuns: 400 },
  );
});
