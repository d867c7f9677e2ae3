/** Following the log and the timeline: no gap, no repeat, and nobody holds up the others. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, get as openGet } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'kysely';
import { pino } from 'pino';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { manualWakeup } from '../../src/eventstore/wakeup.ts';
import { limits } from '../../src/http/limits.ts';
import { type HttpParts, httpServer } from '../../src/http/server.ts';
import { type StreamLimits, streamLimits } from '../../src/http/stream-client.ts';
import { makeMetrics } from '../../src/metrics.ts';
import { freshStore } from '../db.ts';
import { get, post, recordSeed, testService } from '../service.ts';
import { type Following, follow } from './following.ts';
import { isProblem, sendGet } from './raw.ts';

type Test = Parameters<typeof freshStore>[0];

/** The server on a log of its own, with what it is asked by its streams counted. */
async function serve(t: Test, more: Partial<StreamLimits> = {}) {
  const { db, store } = await freshStore(t);
  const reads = { count: 0 };
  const counted: EventStore = {
    ...store,
    readLog: (...asked) => {
      reads.count += 1;
      return store.readLog(...asked);
    },
  };
  const wakeup = manualWakeup();
  const parts = {
    ...{ db, store: counted, projections: [], requestsPerMinute: 0 },
    logger: pino({ level: 'silent' }),
    auth: { keys: false, jwt: undefined, readsOpen: false },
    metrics: { metrics: makeMetrics() },
    openWakeup: () => Object.assign(wakeup, { close: async () => undefined }),
  } as unknown as HttpParts;
  const app = await httpServer(parts, limits, { ...streamLimits, ...more });
  t.teardown(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  const append = async (count: number, filler = '') => {
    const events = Array.from({ length: count }, () => ({
      ...{ id: randomUUID(), type: 'ActorRegistered', schema_version: 1 },
      data: { actor_id: 'a', name: `A${filler}`, kind: 'agency' },
      metadata: { correlation_id: 'c', recorded_by: 'test' },
    }));
    const appended = events.map((event) =>
      store.append({ stream: `actor-${event.id}`, expectedVersion: 0, events: [event] }),
    );
    await Promise.all(appended);
    wakeup.hint();
    return store.head();
  };
  return {
    app,
    append,
    reads,
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
  };
}

function positionsOf({ messages }: Following): number[] {
  return messages.filter(({ event }) => event === 'message').map(({ data }) => data.position);
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

// Seen to fail with the header not read, and where who joins is not asked how far it has read.
t.test('the log from a position, then what comes; Last-Event-ID goes on after it', async (t) => {
  const { url, append } = await serve(t);
  await append(250);
  const all = await follow(`${url}/v1/events/stream?after=0`);
  await all.until(({ event }) => event === 'caught-up');
  t.strictSame(positionsOf(all), upTo(250));
  t.match(all.messages.at(-1), { event: 'caught-up', id: 250, data: { position: 250 } });
  t.match(all.response.headers, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': /./,
  });
  const now = await follow(`${url}/v1/events/stream`);
  const some = await follow(`${url}/v1/events/stream?after=7`, '240');
  await some.until(({ event }) => event === 'caught-up');
  await now.until(({ event }) => event === 'caught-up');
  await append(120);
  for (const one of [all, now, some]) await one.until(({ id }) => id === 370);
  t.strictSame(positionsOf(all), upTo(370));
  t.strictSame(positionsOf(now), upTo(370).slice(250));
  t.strictSame(positionsOf(some), upTo(370).slice(240), 'the header counts, not the query');
  for (const one of [all, now, some]) one.close();
});

t.test('what cannot be followed is a problem', async (t) => {
  const { url, append } = await serve(t, { streamsMax: 2 });
  await append(3);
  for (const path of ['/v1/events/stream', '/v1/timeline/stream']) {
    isProblem(t, await get(url + path, { 'last-event-id': '4' }), 400, 'it is not there yet');
    isProblem(t, await get(url + path, { 'last-event-id': "1' or '1'='1" }), 400);
    isProblem(t, await get(`${url}${path}?after=4`), 400);
    isProblem(t, await get(`${url}${path}?after=1&after=2`), 400);
    isProblem(t, await get(`${url}${path}?cursor=1`), 400);
    isProblem(t, await get(url + path, { accept: 'application/json' }), 406);
    t.match(await sendGet(url, path, 'accept: text/*;q=0\r\n'), { status: 406 });
    const head = await fetch(url + path, { method: 'HEAD' });
    t.equal(head.headers.get('content-type'), 'text/event-stream');
  }
  const one = await follow(`${url}/v1/events/stream`);
  const other = await follow(`${url}/v1/events/stream`);
  const refused = await get(`${url}/v1/events/stream`);
  isProblem(t, refused, 503);
  t.equal(refused.body.code, 'too-many-streams');
  t.match(refused.headers.get('retry-after'), /^\d+$/);
  other.close();
  await other.ended;
  let again: Following | undefined;
  while (again === undefined) {
    again = await follow(`${url}/v1/events/stream`).catch(() => undefined);
    await sleep(5);
  }
  for (const open of [one, again]) open.close();
});

t.test('heartbeats tell how far it is; a stream that is old ends', async (t) => {
  const { url, append } = await serve(t, { heartbeatIntervalMs: 20 });
  const one = await follow(`${url}/v1/events/stream`);
  let text = '';
  one.response.on('data', (chunk) => {
    text += chunk;
  });
  await append(2);
  while (!text.includes(': heartbeat\nid: 2\n\n')) await sleep(5);
  t.equal(one.lastId(), '2');
  one.close();
  const old = await serve(t, { heartbeatIntervalMs: 20, ageMaxMs: 100 });
  const { response, ended } = await follow(`${old.url}/v1/events/stream`);
  await ended;
  t.ok(response.complete, 'it ends as it should');
});

// Guarantee 40.
t.test('across restarts of the service: no gap, no repeat', async (t) => {
  const first = await testService(t);
  const head = await recordSeed(first.url);
  let service = first;
  const seen: Record<string, number[]> = { events: [], timeline: [] };
  const lastIds: Record<string, string> = { events: '0', timeline: '0' };
  let written = head;
  for (let round = 0; round < 3; round += 1) {
    const { url } = service;
    const streams: [string, Following][] = [];
    for (const name of Object.keys(seen)) {
      streams.push([name, await follow(`${url}/v1/${name}/stream?after=0`, lastIds[name])]);
    }
    for (let i = 0; i < 20; i += 1) {
      const id = `r${round}-${i}`;
      await post(`${url}/v1/actors`, { id, name: 'x', kind: 'agency' });
      const renamed = await post(`${url}/v1/actors/${id}/renamings`, { name: 'y' });
      written = renamed.body.position as number;
    }
    // In the middle, or when all is there: what was not taken comes again.
    if (round !== 1) for (const [, one] of streams) await one.until(({ id }) => id === written);
    await service.service.close();
    for (const [name, one] of streams) {
      await one.ended;
      seen[name]?.push(...positionsOf(one));
      lastIds[name] = one.lastId() as string;
    }
    service = await testService(t, { like: first });
  }
  const rest = await follow(`${service.url}/v1/events/stream`, lastIds.events);
  await rest.until(({ id }) => id === written);
  t.strictSame([...(seen.events as number[]), ...positionsOf(rest)], upTo(written));
  rest.close();
  const { body } = await get<{ items: { position: number }[] }>(
    `${service.url}/v1/timeline?sort=position&order=asc&limit=1000&min_position=${written}`,
  );
  t.strictSame(
    seen.timeline,
    body.items.map(({ position }) => position),
  );
});

t.test('the timeline as it grows, by the filters of the list', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  const queries = ['', 'type=ClaimAssessed', 'claimant=ru-mod', 'actor=ru&place=iso:UA-63'];
  const open: Following[] = [];
  for (const query of queries) {
    const one = await follow(`${url}/v1/timeline/stream?after=0&${query}`);
    await one.until(({ event }) => event === 'caught-up');
    open.push(one);
  }
  const said = { conflict_id: 'russia-ukraine-2022', asserted_at: '2022-09-14' };
  const attribution = { claimant_id: 'ru-mod', chain: [] };
  const path = '/v1/claims/ru-mod-2022-09-12-killed';
  await post(`${url}${path}/assessments`, {
    ...{ ...said, attribution: { ...attribution, claimant_id: 'afp' } },
    ...{ assessor_id: 'afp', verdict: 'disputed' },
  });
  await post(`${url}${path}/retraction`, { ...said, attribution, reason: 'withdrawn' });
  const last = await post(`${url}/v1/forces/ru/withdrawals`, {
    ...{ ...said, attribution, from: ['iso:UA-63'], basis: 'claimed' },
  });
  const { position } = last.body;
  for (const [i, query] of queries.entries()) {
    const { body } = await get<{ items: object[] }>(
      `${url}/v1/timeline?${query}&sort=position&order=asc&min_position=${position}`,
    );
    const one = open[i] as Following;
    const expected = body.items.map((item) => (item as { position: number }).position);
    await one.until(({ id }) => id === expected.at(-1));
    t.strictSame(positionsOf(one), expected, query);
    t.ok(expected.length > 0, query);
    t.equal(expected.length < head, true);
  }
  const [all] = open as [Following];
  const { body } = await get<{ items: object[] }>(`${url}/v1/timeline?sort=position&limit=1`);
  t.strictSame(all.messages.at(-1)?.data, body.items[0], 'an item is that of the list');
  for (const one of open) one.close();
});

t.test('a thousand idle clients cost one reader, and steady memory', async (t) => {
  const { url, append, reads } = await serve(t);
  const clientsCount = 1_000;
  await append(5);
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const heap = async () => {
    for (let i = 0; i < 3; i += 1) {
      gc();
      await sleep(10);
    }
    return process.memoryUsage().heapUsed + process.memoryUsage().external;
  };
  const before = await heap();
  const clients: Following[] = [];
  while (clients.length < clientsCount) {
    const opened = Array.from({ length: 50 }, () => follow(`${url}/v1/events/stream?after=4`));
    clients.push(...(await Promise.all(opened)));
  }
  await Promise.all(clients.map((one) => one.until(({ event }) => event === 'caught-up')));
  const opened = await heap();
  // Both ends of each connection are in this process.
  const eachKiB = (opened - before) / clientsCount / 1_024;
  t.ok(eachKiB < 150, `${eachKiB.toFixed(1)} KiB a client`);
  reads.count = 0;
  const rounds = 10;
  for (let round = 0; round < rounds; round += 1) {
    const last = await append(1);
    await Promise.all(clients.map((one) => one.until(({ id }) => id === last)));
  }
  t.ok(reads.count < 10 * rounds, `${reads.count} reads of the log for ${rounds} appends`);
  for (const one of clients) one.messages.length = 0;
  const after = await heap();
  t.ok(
    after - opened < 10 * 1024 * 1024,
    `${((after - opened) / 1024 / 1024).toFixed(1)} MiB more`,
  );
  for (const one of clients) one.close();
});

// Seen to fail without `isTooSlow`: the slow client is held to the end.
t.test('who does not read is dropped; the others go on, and so can it', async (t) => {
  const { url, append } = await serve(t, { bufferedBytesMax: 256 * 1024 });
  const fast = await follow(`${url}/v1/events/stream?after=0`);
  const [slow] = (await once(
    openGet(`${url}/v1/events/stream?after=0`, { agent: false }),
    'response',
  )) as [IncomingMessage];
  const isDropped = once(slow, 'error');
  await once(slow, 'readable');
  slow.pause();
  await fast.until(({ event }) => event === 'caught-up');
  let last = 0;
  // Far more than what the sockets of both ends hold.
  for (let i = 0; i < 60; i += 1) {
    last = await append(100, 'x'.repeat(3_500));
    await fast.until(({ id }) => id === last);
  }
  t.strictSame(positionsOf(fast), upTo(last));
  slow.resume();
  t.match(await isDropped, [{ code: 'ECONNRESET' }]);
  fast.close();
});

t.test('a process that only answers is woken while a stream is open', async (t) => {
  const writing = await testService(t);
  const { url, databaseUrl } = await testService(t, {
    like: writing,
    environment: { ROLES: 'api' },
  });
  const db = openDb(openPool(databaseUrl, () => undefined));
  t.teardown(() => db.destroy());
  const listeners = async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*) from pg_stat_activity
      where datname = current_database() and query = 'listen frontlog_events'`.execute(db);
    return rows[0]?.count;
  };
  while ((await listeners()) !== 1) await sleep(5);
  const one = await follow(`${url}/v1/events/stream`);
  await one.until(({ event }) => event === 'caught-up');
  while ((await listeners()) !== 2) await sleep(5);
  const { body } = await post(`${writing.url}/v1/actors`, { id: 'a', name: 'A', kind: 'agency' });
  await one.until(({ id }) => id === body.position);
  one.close();
  while ((await listeners()) !== 1) await sleep(5);
});
