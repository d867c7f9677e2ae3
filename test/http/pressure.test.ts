/** Too much: of one client, of the process, of the database. */
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import { type Limits, limits } from '../../src/http/limits.ts';
import { type HttpParts, httpServer } from '../../src/http/server.ts';
import { makeMetrics } from '../../src/metrics.ts';
import { freshStore } from '../db.ts';
import { get, post, testService } from '../service.ts';
import { isProblem } from './raw.ts';

type Test = { teardown(fn: () => Promise<unknown>): void };

async function serve(t: Test, parts: Partial<HttpParts>, more: Partial<Limits> = {}) {
  const logger = pino({ level: 'silent' });
  const auth = { keys: false, jwt: undefined, readsOpen: false };
  const metrics = { metrics: makeMetrics() };
  const all = { logger, auth, metrics, requestsPerMinute: 0, ...parts } as HttpParts;
  const app = await httpServer(all, { ...limits, ...more });
  t.teardown(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { app, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}

// Seen to fail without `useRateLimit`: 200 and 404 throughout.
t.test('a client is told its limit, and 429 beyond it; health is always answered', async (t) => {
  const { url } = await testService(t, { environment: { RATE_LIMIT_PER_MINUTE: '5' } });
  for (let remaining = 4; remaining >= 0; remaining -= 1) {
    const { status, headers } = await get(`${url}/v1/events`);
    t.equal(status, 200);
    t.equal(headers.get('ratelimit-policy'), '"client";q=5;w=60');
    t.match(headers.get('ratelimit'), new RegExp(`^"client";r=${remaining};t=(60|59|58)$`));
  }
  for (const answer of [
    await get(`${url}/v1/events`),
    await get(`${url}/v1/nothing`),
    await post(`${url}/v1/claims`, '{'),
  ]) {
    isProblem(t, answer, 429);
    t.equal(answer.body.code, 'rate-limited');
    const seconds = Number(answer.headers.get('retry-after'));
    t.ok(seconds > 0 && seconds <= 60);
  }
  for (const path of ['/livez', '/readyz']) t.equal((await get(url + path)).status, 200);
});

t.test('by default, and with 0, a client is not held up', async (t) => {
  const { url } = await testService(t);
  const policy = (await get(`${url}/v1/events`)).headers.get('ratelimit-policy');
  t.equal(policy, '"client";q=60000;w=60');
  const free = await testService(t, { environment: { RATE_LIMIT_PER_MINUTE: '0' } });
  t.equal((await get(`${free.url}/v1/events`)).headers.get('ratelimit-policy'), null);
});

t.test('clients are counted each on its own, by address', async (t) => {
  const { app } = await serve(t, { requestsPerMinute: 1 });
  const ask = async (remoteAddress: string) =>
    (await app.inject({ url: '/v1/nothing', remoteAddress })).statusCode;
  t.equal(await ask('192.0.2.1'), 404);
  t.equal(await ask('192.0.2.1'), 429);
  t.equal(await ask('192.0.2.2'), 404);
  t.equal(await ask('2001:db8::1'), 404);
  t.equal(await ask('2001:db8::2'), 429, 'one network of IPv6 is one client');
});

// Seen to fail without `usePressure`: the requests go through, and fail for want of a store.
t.test('a full heap or a lagging event loop refuses work, and goes on after it', async (t) => {
  const full = await serve(t, {}, { heapFullMax: 1e-6, pressureSampleIntervalMs: 20 });
  await sleep(100);
  const refused = await get(`${full.url}/v1/events`);
  isProblem(t, refused, 503);
  t.match(refused, { headers: new Map(), body: { code: 'overloaded' } });
  t.equal(refused.headers.get('retry-after'), '1');
  t.equal((await get(`${full.url}/livez`)).status, 200);

  const sample = { eventLoopDelayMaxMs: 50, pressureSampleIntervalMs: 500 };
  const lagging = await serve(t, {}, sample);
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; turn < 6; turn += 1) {
    Atomics.wait(waiting, 0, 0, 200);
    await sleep(1);
  }
  isProblem(t, await get(`${lagging.url}/v1/nothing`), 503);
  t.equal((await get(`${lagging.url}/livez`)).status, 200);
  await sleep(1_500);
  isProblem(t, await get(`${lagging.url}/v1/nothing`), 404);
});

// Seen to fail, with 503, where a server leaves out only what it took to make itself.
t.test('what making another server in the process took refuses nothing', async (t) => {
  const sample = { eventLoopDelayMaxMs: 1, pressureSampleIntervalMs: 1_000 };
  const { url } = await serve(t, {}, sample);
  await sleep(2_500);
  await serve(t, {});
  for (let turn = 0; turn < 10; turn += 1) {
    t.equal((await get(`${url}/v1/nothing`)).status, 404);
    await sleep(100);
  }
});

// Seen to fail, by waiting, without `connectionTimeoutMillis`.
t.test('with every database connection held, 503 in time, and all works after', async (t) => {
  const { db, pool, store } = await freshStore(t);
  const { url } = await serve(t, { db, store });
  const held = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
  const record = () =>
    post(`${url}/v1/actors`, { name: 'A', kind: 'agency' }, { 'idempotency-key': 'one' });
  const answers = await Promise.all([record(), ...[1, 2, 3].map(() => get(`${url}/v1/events`))]);
  for (const answer of answers) {
    isProblem(t, answer, 503);
    t.equal(answer.headers.get('retry-after'), '1');
  }
  t.equal((await get(`${url}/livez`)).status, 200);
  for (const client of held) client.release();
  t.equal((await get(`${url}/v1/events`)).status, 200);
  t.match(await record(), { status: 201, body: { position: 1 } });
});
