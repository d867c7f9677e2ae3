/** Every route's scope, and what becomes of a request that has it, lacks it, or gives no name. */
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Writable } from 'node:stream';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import t from 'tap';
import { createKey, revokeKey } from '../../src/auth/keys.ts';
import { type Scope, scopes } from '../../src/auth/principal.ts';
import { makeLogger } from '../../src/cli/logger.ts';
import { type Db, openDb, openPool } from '../../src/db.ts';
import { useAuth } from '../../src/http/auth.ts';
import { startIssuer } from '../auth/issuer.ts';
import { type Options, post, testService } from '../service.ts';

type Test = Parameters<typeof testService>[0];

const actor = { id: 'a', kind: 'agency', name: 'A' };
const neverGiven = `fl_${'A'.repeat(43)}`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A service that takes keys, and its database to make them in. */
async function keyedService(t: Test, { environment, ...options }: Options = {}) {
  const service = await testService(t, {
    ...options,
    environment: { AUTH: 'keys', ...environment },
  });
  const db: Db = openDb(openPool(service.databaseUrl, () => undefined));
  t.teardown(() => db.destroy());
  const newKey = (...granted: Scope[]) => createKey(db, 'test', granted);
  return { ...service, db, newKey };
}

/** Every route of the servers made from now on. */
function collectRoutes(t: Test): RouteOptions[] {
  const routes: RouteOptions[] = [];
  const collect = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', (route) => void routes.push(route));
  };
  diagnostics.subscribe('fastify.initialization', collect);
  t.teardown(async () => diagnostics.unsubscribe('fastify.initialization', collect));
  return routes;
}

// Seen to fail: with the scope `read` on POST /v1/claims; with a hook that lets in whoever has a
// good key, whatever its scopes; with one that lets in who sends none.
t.test('each route is closed without its scope, and open with it', async (t) => {
  const routes = collectRoutes(t);
  const { url, newKey } = await keyedService(t);
  t.ok(routes.length > 15);
  for (const { method: methods, url: pattern, config } of routes) {
    const [method = 'GET'] = [methods].flat();
    const name = `${method} ${pattern}`;
    const path = pattern.replace(/:\w+|\*/g, 'x');
    const status = async (headers: Record<string, string> = {}) => {
      const options = { method, headers, redirect: 'manual' } as const;
      return (await fetch(url + path, options)).status;
    };
    const scope = config?.scope;
    if (scope === undefined) t.fail(`${name} declares no scope`);
    else if (scope === 'public') {
      t.match(pattern, /^\/(livez|readyz|openapi\.json|asyncapi\.json|docs(\/.*)?|)$/);
      t.notOk([401, 403].includes(await status()), name);
    } else {
      if (method === 'POST') t.not(scope, 'read', name);
      t.equal(await status(), 401, name);
      const { key: lacking } = await newKey(...scopes.filter((one) => one !== scope));
      t.equal(await status(bearer(lacking)), 403, name);
      const { key: fitting } = await newKey(scope);
      t.notOk([401, 403].includes(await status(bearer(fitting))), name);
    }
  }
});

// Seen to fail: without the error in the hook.
t.test('a route that declares no scope is no route', async (t) => {
  const app = Fastify();
  useAuth(app, undefined as never, { keys: false, jwt: undefined, readsOpen: false });
  const handler = async () => 'x';
  t.throws(() => app.get('/x', handler), /GET \/x declares no scope/);
  t.doesNotThrow(() => app.get('/y', { config: { scope: 'ops' } }, handler));
});

// Seen to fail: with any header's last word taken for a token; with `anonymous` recorded.
t.test('a key is let in as what it is; anything else is told what to send', async (t) => {
  const { url, newKey } = await keyedService(t);
  const { id, key } = await newKey('write', 'read');
  const send = (headers: Record<string, string>) => post(`${url}/v1/actors`, actor, headers);
  const challenge = async (headers: Record<string, string>) => {
    const answer = await send(headers);
    t.match(answer, { status: 401, body: { code: 'unauthenticated', title: 'Not authenticated' } });
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    return answer.headers.get('www-authenticate');
  };
  t.equal(await challenge({}), 'Bearer realm="frontlog", scope="write"');
  const invalid = 'Bearer realm="frontlog", error="invalid_token"';
  for (const authorization of [
    `Bearer ${neverGiven}`,
    `Bearer ${key.slice(0, -1)}`,
    `Bearer ${key}A`,
    `Bearer ${key}, Bearer ${key}`,
    'Bearer a.b.c',
    'Bearer',
    'Basic eDp5',
    key,
  ]) {
    t.equal(await challenge({ authorization }), invalid, authorization);
  }
  const { body } = await send(bearer(key));
  const stream = await fetch(`${url}/v1/streams/${body.stream}`, {
    headers: { authorization: `bearer ${key}` },
  });
  t.match(await stream.json(), { items: [{ metadata: { recorded_by: `key:${id}` } }] });
  const { key: reader } = await newKey('read');
  const refused = await send(bearer(reader));
  t.match(refused, { status: 403, body: { code: 'scope-missing', detail: /scope write/ } });
  t.equal(
    refused.headers.get('www-authenticate'),
    'Bearer realm="frontlog", error="insufficient_scope", scope="write"',
  );
});

// Seen to fail: with keys given to the verifier of tokens.
t.test('keys and tokens can both be taken', async (t) => {
  const issuer = await startIssuer(t);
  const environment = { ...issuer.environment, AUTH: 'keys,jwt' };
  const { url, newKey } = await keyedService(t, { environment });
  const { key } = await newKey('read');
  for (const token of [key, await issuer.sign()]) {
    const { status } = await fetch(`${url}/v1/timeline`, { headers: bearer(token) });
    t.equal(status, 200);
  }
});

// Seen to fail: without the count, as Node hands on the first one.
t.test('two Authorization headers are one too many', async (t) => {
  const { url, newKey } = await keyedService(t);
  const { key } = await newKey('read');
  const send = async (authorization: string[]) => {
    const headers = ['host', 'x', ...authorization.flatMap((one) => ['authorization', one])];
    const sent = request(`${url}/v1/timeline`, { headers }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return [response.statusCode, response.headers['www-authenticate']];
  };
  t.same(await send([`Bearer ${key}`]), [200, undefined]);
  const refusal = [400, 'Bearer realm="frontlog", error="invalid_request"'];
  t.same(await send([`Bearer ${key}`, `Bearer ${neverGiven}`]), refusal);
});

// Seen to fail: without `revoked_at is null`; with a cache that never ends.
t.test('a revoked key is refused within two seconds', async (t) => {
  const { url, db, newKey } = await keyedService(t);
  const { id, key } = await newKey('read');
  const read = async () => (await fetch(`${url}/v1/timeline`, { headers: bearer(key) })).status;
  t.equal(await read(), 200);
  await revokeKey(db, id);
  const revokedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  t.equal(await read(), 401);
  t.ok(performance.now() - revokedAt < 10_000);
});

// Seen to fail: with a bad token taken for none; with the scope `write` opened too.
t.test('READS=open lets everybody read, and no more', async (t) => {
  const { url, newKey } = await keyedService(t, { environment: { READS: 'open' } });
  const { key } = await newKey('write');
  const read = async (headers = {}) => (await fetch(`${url}/v1/timeline`, { headers })).status;
  t.equal(await read(), 200);
  t.equal(await read(bearer(key)), 200, 'a key may read too, whatever its scopes');
  t.equal(await read(bearer(neverGiven)), 401, 'a token that is sent counts');
  t.equal((await post(`${url}/v1/actors`, actor)).status, 401);
  t.equal((await post(`${url}/v1/actors`, actor, bearer(key))).status, 201);
});

// Seen to fail with `public` everywhere: RFC 9111, 3.5.
t.test('an event is kept for good, in shared caches only where everybody may read', async (t) => {
  for (const [READS, kept] of [
    ['closed', 'private'],
    ['open', 'public'],
  ]) {
    const { url, newKey } = await keyedService(t, { environment: { READS } });
    const { key } = await newKey('read', 'write');
    const { body } = await post(`${url}/v1/actors`, actor, bearer(key));
    const [id] = body.event_ids as string[];
    const { headers } = await fetch(`${url}/v1/events/${id}`, { headers: bearer(key) });
    t.equal(headers.get('cache-control'), `${kept}, max-age=31536000, immutable`);
  }
});

// Seen to fail: with 404 for everybody.
t.test('what is not there is 401 to strangers, 404 to readers and to known ones', async (t) => {
  const { url, newKey } = await keyedService(t);
  const { key } = await newKey('write');
  const status = async (base: string, headers = {}) =>
    (await fetch(`${base}/v1/nothing`, { headers })).status;
  t.equal(await status(url), 401);
  t.equal(await status(url, bearer(key)), 404);
  const open = await keyedService(t, { environment: { READS: 'open' } });
  t.equal(await status(open.url), 404);
});

// Seen to fail: without `redact`, without `authorization` or `req.url` in it.
t.test('no key, token or idempotency key gets into the log', async (t) => {
  let log = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log += chunk;
      done();
    },
  });
  const logger = makeLogger('trace', stream);
  const { url, newKey } = await keyedService(t, { logger });
  const { key } = await newKey('read', 'write');
  const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
  const secrets = [key, neverGiven, jwt, 'idempotency-secret', 'cookie-secret'];
  const more = { 'idempotency-key': 'idempotency-secret', cookie: 'cookie-secret' };
  for (const token of [key, neverGiven, jwt]) {
    const headers = { ...bearer(token), ...more };
    await post(`${url}/v1/actors`, actor, headers);
    await fetch(`${url}/v1/timeline?access_token=${token}`, { headers });
    logger.info({ headers, req: { headers } }, 'as somebody might log it');
  }
  t.ok(log.split('\n').length > 10);
  t.match(log, '/v1/timeline?access_token=[redacted]');
  for (const secret of secrets) t.notOk(log.includes(secret), secret);
});
