/** Bodies over HTTP, from the outside: rows 28 to 33 of the guarantees on input. */
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { get, post, recordSeed, testService } from '../service.ts';
import { isProblem, send } from './raw.ts';

const quantity = { value: 5, qualifier: 'exact', unit: '{person}', measure: 'increment' };
const claim = {
  conflict_id: 'russia-ukraine-2022',
  attribution: { claimant_id: 'ru-mod', chain: [], quote: { text: 'words', language: 'en' } },
  proposition: {
    kind: 'casualties',
    side_id: 'ua',
    category: 'military',
    outcome: 'killed',
    quantity,
  },
};
const text = JSON.stringify(claim);
const value = '/proposition/quantity/value';
const words = '/attribution/quote/text';
const withQuote = (quote: string) => text.replace('"words"', () => JSON.stringify(quote));
type Fault = { pointer: string; detail: string };

// Seen to fail with Fastify's own parser in place of ours: 201 for what it lets pass.
t.test('a body that is not to be read in one way only is refused, and told where', async (t) => {
  const { url } = await testService(t);
  const before = await recordSeed(url);
  const cases: [string, string][] = [
    ...['null', 'true', '"12"', '1e400', '9007199254740993', '-1', '1e-400', '[]'].map(
      (said): [string, string] => [text.replace(':5,', `:${said},`), value],
    ),
    [text.replace('"value":5', '"value":5,"value":6'), value],
    [text.replace('"value":5', '"value":5,"__proto__":{}'), '/proposition/quantity/__proto__'],
    [text.replace('{', '{"recorded_at":"2022-09-12T00:00:00Z",'), '/recorded_at'],
    [text.replace('{', '{"position":1,'), '/position'],
    [text.replace('{', '{"asserted_at":"2022-02-30",'), '/asserted_at'],
    [text.replace('{', '{"asserted_at":"2022-02-03T10:00:00",'), '/asserted_at'],
    [withQuote('a\u0000b'), words],
    [text.replace('words', '\\ud800'), words],
    [withQuote('a\u202eb'), words],
    [withQuote('x'.repeat(4_001)), words],
    [text.slice(0, -1), '/proposition'],
    [
      text.replace(':5,', `:${'['.repeat(10_000)}5${']'.repeat(10_000)},`),
      `${value}${'/0'.repeat(29)}`,
    ],
    ['\ufeff{}', ''],
    ['', ''],
    ['null', ''],
    ['[]', ''],
  ];
  for (const [body, pointer] of cases) {
    const answer = await post(`${url}/v1/claims`, body);
    isProblem(t, answer, 400, body.slice(0, 60));
    t.equal(answer.body.code, 'malformed');
    const found = ((answer.body.errors ?? []) as Fault[]).map((fault) => fault.pointer);
    t.ok(found.includes(pointer), `${pointer} among ${found} of ${body.slice(0, 60)}`);
  }
  t.equal((await get<{ head: number }>(`${url}/readyz`)).body.head, before, 'nothing is stored');
});

t.test('coordinates are two numbers on the globe', async (t) => {
  const { url } = await testService(t);
  const cases = ['[181,0]', '[0,-91]', '["1",2]', '[1]', '[1,2,3]', '[1,null]', '{}', '[1e400,0]'];
  for (const point of cases) {
    const answer = await post(`${url}/v1/places`, `{"name":"x","point":${point}}`);
    isProblem(t, answer, /,-?(9[1-9]|90\.)/.test(point) ? 422 : 400, point);
    t.match((answer.body.errors as Fault[])[0]?.pointer, /^\/point/);
  }
  t.match(await post(`${url}/v1/places`, { name: 'x', point: [36.2, 50] }), { status: 201 });
});

t.test('text is kept as it is said, and served as nothing but data', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const said = "<script>alert('x')</script> '; drop table events; -- \u{1f600} Харків";
  const { status, headers } = await post(`${url}/v1/claims`, withQuote(said));
  t.equal(status, 201);
  const stream = await get<{ items: { data: typeof claim }[] }>(url + headers.get('location'));
  t.equal(stream.body.items[0]?.data.attribution.quote.text, said);
  t.match(stream.headers.get('content-type'), /^application\/json/);
  t.equal(stream.headers.get('x-content-type-options'), 'nosniff');
  t.match(stream.headers.get('content-security-policy'), "default-src 'none'");
});

// Seen to fail without `refuseEncoded`: 400, as the bytes are no JSON.
t.test('a body is never inflated; content types and charsets are ours or refused', async (t) => {
  const { url } = await testService(t);
  const bomb = gzipSync(Buffer.alloc(50 * 2 ** 20, ' '));
  const sent = async (headers: Record<string, string>, body: string | Buffer) => {
    const response = await fetch(`${url}/v1/claims`, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: answer };
  };
  const json = { 'content-type': 'application/json' };
  for (const coding of ['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip']) {
    const answer = await sent({ ...json, 'content-encoding': coding }, bomb);
    isProblem(t, answer, 415, coding);
    t.equal(answer.headers.get('accept-encoding'), 'identity');
  }
  isProblem(t, await sent({ ...json, 'content-encoding': 'identity' }, '{}'), 400);
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'x']) {
    isProblem(t, await sent({ 'content-type': type }, text), 415, type);
  }
  for (const charset of ['utf-16', '"windows-1251"', 'latin1']) {
    const answer = await sent({ 'content-type': `application/json; charset=${charset}` }, text);
    isProblem(t, answer, 415, charset);
  }
  isProblem(t, await sent({ 'content-type': 'application/json;charset=UTF-8' }, '{}'), 400);
  isProblem(t, await sent({}, Buffer.from(text)), 415, 'no content type');
});

t.test('a body over 1 MiB, counted or not, is refused', async (t) => {
  const { url } = await testService(t);
  const head = 'POST /v1/claims HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  isProblem(t, await send(url, `${head}content-length: 10485760\r\n\r\n{`), 413);
  const chunk = `40000\r\n${' '.repeat(0x40000)}\r\n`;
  isProblem(t, await send(url, `${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(5)}`), 413);
  const bad = Buffer.from(text.replace('words', '\xff'), 'latin1');
  const length = `content-length: ${bad.length}\r\nconnection: close\r\n\r\n`;
  const answer = await send(url, Buffer.concat([Buffer.from(head + length), bad]));
  isProblem(t, answer, 400);
  t.match(answer.body.detail, /not UTF-8/);
});

t.test('however many faults a body has, the answer is short', async (t) => {
  const { url } = await testService(t);
  const members = Array.from({ length: 50_000 }, (_, i) => `"x${i}":0`);
  const answer = await post(`${url}/v1/claims`, `{${members}}`);
  isProblem(t, answer, 400);
  t.equal((answer.body.errors as Fault[]).length, 50);
});
