/** Requests that no route takes, or not as they are: paths, methods, queries, headers. */
import { pino } from 'pino';
import t from 'tap';
import { httpServer } from '../../src/http/server.ts';
import { makeMetrics } from '../../src/metrics.ts';
import { get, recordSeed, testService } from '../service.ts';
import { isProblem, send, sendGet } from './raw.ts';

type Fault = { pointer: string; in: string };

// Seen to fail without `useMethods`: 404.
t.test('another method of a known path is 405 with Allow; OPTIONS and HEAD work', async (t) => {
  const { url } = await testService(t);
  const ask = async (method: string, path: string) => {
    const response = await fetch(url + path, { method });
    const text = await response.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body };
  };
  const cases: [string, string, string][] = [
    ['GET', '/v1/agreements', 'OPTIONS, POST'],
    ['DELETE', '/v1/claims/some-id/assessments', 'OPTIONS, POST'],
    ['POST', '/v1/timeline?limit=1', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/v1/conflicts/x/status', 'GET, HEAD, OPTIONS'],
    ['PUT', '/livez', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/v1/events', 'GET, HEAD, OPTIONS, POST'],
    ['QUERY', '/v1/actors', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/docs/static/swagger-ui.css', 'GET, HEAD, OPTIONS'],
  ];
  for (const [method, path, allow] of cases) {
    const answer = await ask(method, path);
    isProblem(t, answer, 405, `${method} ${path}`);
    t.equal(answer.headers.get('allow'), allow, path);
    const options = await ask('OPTIONS', path);
    t.equal(options.status, 204);
    t.equal(options.headers.get('allow'), allow);
  }
  const head = await ask('HEAD', '/v1/events');
  t.equal(head.status, 200);
  t.ok(Number(head.headers.get('content-length')) > 0);
  t.equal((await ask('HEAD', '/v1/agreements')).status, 405);
  for (const method of ['GET', 'POST', 'OPTIONS', 'PROPFIND']) {
    isProblem(t, await ask(method, '/v1/nothing/here'), 404, method);
  }
  isProblem(t, await send(url, 'FROB / HTTP/1.1\r\nhost: x\r\n\r\n'), 400);
});

// Seen to fail without `useStrictQuery` for what a route without a query is asked, without
// `additionalProperties: false` for the rest, and with a cursor's time unchecked: 500.
t.test('a query is taken as documented, or refused with the parameter named', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cases: [string, string][] = [
    ['/v1/timeline?unknown=1', '/unknown'],
    ['/v1/timeline?limit=1&limit=2', '/limit'],
    ['/v1/timeline?conflict=a&conflict=b', '/conflict'],
    ['/v1/timeline?cursor=abc&cursor=abc', '/cursor'],
    ['/v1/events/01890000-0000-7000-8000-000000000000?x=1', '/x'],
    ['/livez?x', '/x'],
    ...['0', '1001', '-1', '1.5', 'x', '', '1e400', '9007199254740993'].flatMap(
      (limit): [string, string][] => [
        [`/v1/timeline?limit=${limit}`, '/limit'],
        [`/v1/events?limit=${limit}`, '/limit'],
      ],
    ),
    ['/v1/events?after=-1', '/after'],
    ['/v1/timeline?order=sideways', '/order'],
    ['/v1/timeline?min_position=x', '/min_position'],
    ...[
      'abc',
      '!!!',
      '',
      'a'.repeat(201),
      cursor(null),
      cursor(['2022-09-12T00:00:00Z', '5; drop table events']),
      cursor(['2022', 5]),
      cursor(['Sun', 5]),
      cursor([0, 5]),
      cursor(['2022-02-30T00:00:00Z', 5]),
      cursor(['infinity', 5]),
      cursor(["2022-09-12T00:00:00Z' or 'a'='a", 5]),
    ].map((said): [string, string] => [`/v1/timeline?cursor=${said}`, '/cursor']),
  ];
  for (const [path, pointer] of cases) {
    const answer = await get(url + path);
    isProblem(t, answer, 400, path);
    t.match((answer.body.errors as Fault[])[0], { pointer, in: 'query' }, path);
  }
});

t.test('what looks like SQL is no id, in a filter as in a path', async (t) => {
  const { url } = await testService(t);
  const before = await recordSeed(url);
  const said = [
    "' or '1'='1",
    "x'; drop table events; --",
    '1 union select 1',
    '%',
    '\\',
    '"',
    '\0',
  ];
  for (const text of said.map(encodeURIComponent)) {
    for (const filter of ['conflict', 'type', 'claimant', 'actor', 'place', 'sort', 'order']) {
      isProblem(t, await get(`${url}/v1/timeline?${filter}=${text}`), 400, `${filter}=${text}`);
    }
    for (const path of [
      `/v1/conflicts/${text}/status`,
      `/v1/streams/${text}`,
      `/v1/events/${text}`,
    ]) {
      isProblem(t, await get(url + path), 400, path);
    }
  }
  t.equal((await get<{ head: number }>(`${url}/readyz`)).body.head, before);
});

// Seen to fail without `frameworkErrors` and `answerClientError`: Fastify's own bodies.
t.test('paths and headers that cannot be are problems too', async (t) => {
  const { url } = await testService(t);
  for (const path of ['/v1/events/%', '/v1/events/%zz', '/v1/events/%ff', 'nothing', '/\u00e2']) {
    isProblem(t, await sendGet(url, path), 400, path);
  }
  isProblem(t, await sendGet(url, '*'), 404);
  isProblem(t, await get(`${url}/v1/streams/claim-${'a'.repeat(128)}`), 404, 'as long as ids get');
  isProblem(t, await get(`${url}/v1/streams/claim-${'a'.repeat(129)}`), 400);
  isProblem(t, await get(`${url}/v1/streams/${'a'.repeat(257)}`), 414);
  isProblem(t, await get(`${url}/v1/events?after=${'1'.repeat(8_000)}`), 414);
  isProblem(t, await sendGet(url, `/${'a'.repeat(100_000)}`), 414);
  isProblem(t, await sendGet(url, '/livez', `x: ${'a'.repeat(20_000)}\r\n`), 431);
  isProblem(t, await sendGet(url, '/livez', `x: ${'a'.repeat(1_000_000)}\r\n`), 431);
  isProblem(t, await sendGet(url, '/livez', 'x: a\r\n'.repeat(101)), 431);
  isProblem(t, await send(url, 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n'), 400);
  isProblem(t, await sendGet(url, '/livez', 'expect: the unexpected\r\n'), 417);
  isProblem(t, await send(url, '\x16\x03\x01\x02\x00 no HTTP at all\r\n\r\n'), 400);
  const smuggled = 'transfer-encoding: chunked\r\ncontent-length: 3\r\n';
  isProblem(t, await sendGet(url, '/livez', smuggled), 400);
});

// Seen to fail with `instance: request.url`, and with any id taken over.
t.test('nothing of a request is repeated that a log or terminal would obey', async (t) => {
  const { url } = await testService(t);
  const path = await sendGet(url, `/v1/%E2%80%AE<script>"?secret=1`);
  isProblem(t, path, 404);
  t.equal(path.body.instance, '/v1/%E2%80%AE%3cscript%3e%22');
  t.notMatch(path.text, /[^\n -~]|secret/);
  const name = encodeURIComponent('\u202e\u0085\u2028');
  const query = await sendGet(url, `/v1/timeline?${name}=1`);
  isProblem(t, query, 400);
  t.notMatch(query.text, /[^ -~]/);
  for (const id of ['a'.repeat(65), 'a b', 'a;b', '<script>', '\xe9', '']) {
    const { headers } = await sendGet(url, '/livez', `x-request-id: ${id}\r\n`);
    t.match(headers['x-request-id'], /^[0-9a-f-]{36}$/, id);
  }
  const twice = await sendGet(url, '/livez', 'x-request-id: a\r\nx-request-id: b\r\n');
  t.match(twice.headers['x-request-id'], /^[0-9a-f-]{36}$/);
  const taken = await sendGet(url, '/v1/nothing', 'x-request-id: My_id-1.2\r\n');
  t.match(taken, { headers: { 'x-request-id': 'My_id-1.2' }, body: { request_id: 'My_id-1.2' } });
});

// Seen to fail with the error's message as the detail.
t.test('our own faults are bland: logged, not told', async (t) => {
  const logged: string[] = [];
  const app = await httpServer({
    logger: pino({ level: 'error' }, { write: (line) => logged.push(line) }),
    auth: { keys: false, jwt: undefined, readsOpen: false },
    requestsPerMinute: 0,
    metrics: { metrics: makeMetrics() },
    readiness: async () => {
      throw new Error('the secret of select * from secrets');
    },
  } as unknown as Parameters<typeof httpServer>[0]);
  t.teardown(() => app.close());
  const { statusCode: status, headers, body } = await app.inject('/readyz');
  isProblem(t, { status, headers: headers as Record<string, string>, body: JSON.parse(body) }, 500);
  t.notMatch(body, /secret/);
  t.match(logged.join(), /secret/);
});

t.test('the documentation may run its own scripts and nothing else', async (t) => {
  const { url } = await testService(t);
  const page = await fetch(`${url}/docs/`);
  t.match(page.headers.get('content-security-policy'), /script-src 'self'; style/);
  t.notMatch(await page.text(), /<script>[^<]/, 'it has no inline script');
  isProblem(t, await get(`${url}/docs/static/nothing.js`), 404);
  isProblem(t, await sendGet(url, '/docs/static/../../package.json'), 403);
});
