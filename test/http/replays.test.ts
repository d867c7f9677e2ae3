/** Replays over HTTP: asked for at one process, run by one that relays. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connectOnce } from '../../src/db.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { checkAnswer } from '../openapi.ts';
import { until } from '../relay/relaying.ts';
import { readTopic, withoutKafka } from '../relay/topic.ts';
import { brokers, get, post, recordSeed, type TestService, testService } from '../service.ts';

const skip = withoutKafka;
const ops = '/v1/ops/replays';
type Replay = {
  id: string;
  topic: string;
  state: string;
  run_by: string;
  position: number;
  published: number;
  last_error: string | null;
};

async function send(method: 'POST' | 'DELETE', url: string) {
  const response = await fetch(url, { method });
  const { status, headers } = response;
  const body = (await response.json()) as Replay & { code?: string };
  checkAnswer(method, url, { status, contentType: headers.get('content-type') ?? '', body });
  return { status, headers, body };
}

async function find({ url }: TestService, id: unknown): Promise<Replay> {
  return (await get<Replay>(`${url}${ops}/${id}`)).body;
}

async function ends(service: TestService, id: unknown): Promise<Replay> {
  let last: Replay | undefined;
  await until(
    async () => {
      last = await find(service, id);
      return last.state !== 'running';
    },
    () => last,
  );
  return last as Replay;
}

async function positionsOn(service: TestService, topic: string): Promise<number[]> {
  const messages = await readTopic(service.prefix, undefined, 'read_committed', topic);
  return messages.map(({ headers }) => Number(headers.ce_position)).sort((a, b) => a - b);
}

t.test('a replay is asked for, run, listed; the same again is the same', { skip }, async (t) => {
  const service = await testService(t, { kafka: brokers });
  const { url, prefix } = service;
  const head = await recordSeed(url);
  const part = { id: 'part-1', from_position: 3, to_position: head };
  const first = await post(url + ops, part);
  t.match(first, {
    status: 201,
    body: { id: 'part-1', topic: `${prefix}.replay.part-1.v1`, state: 'running', types: null },
  });
  t.equal(first.headers.get('location'), `${ops}/part-1`);
  t.match(await ends(service, 'part-1'), {
    ...{ state: 'done', run_by: 'service', position: head, published: head - 2 },
    last_error: null,
  });
  const topic = `${prefix}.replay.part-1.v1`;
  t.strictSame(
    await positionsOn(service, topic),
    Array.from({ length: head - 2 }, (_, i) => i + 3),
  );
  t.match(await post(url + ops, part), { status: 200, body: { id: 'part-1', state: 'done' } });
  const other = await post(url + ops, { ...part, from_position: 4 });
  t.match(other, { status: 409, body: { code: 'replay-exists' } });

  const actors = { from_position: 1, to_position: head, types: ['ActorRegistered'] };
  const second = await post(url + ops, actors);
  t.equal(second.status, 201);
  const { published } = await ends(service, second.body.id);
  const { body: registered } = await get<{ items: unknown[] }>(`${url}/v1/actors?limit=1000`);
  t.equal(published, registered.items.length);

  type Page = { items: Replay[]; next_cursor: string | null };
  const { body: newest } = await get<Page>(`${url}${ops}?limit=1`);
  t.strictSame(
    newest.items.map(({ id }) => id),
    [second.body.id as string],
  );
  const { body: rest } = await get<Page>(`${url}${ops}?limit=1&cursor=${newest.next_cursor}`);
  t.match(rest.items, [{ id: 'part-1' }]);
  const { body: end } = await get<Page>(`${url}${ops}?cursor=${rest.next_cursor}`);
  t.strictSame(end, { items: [], next_cursor: null });
  t.match(await get(`${url}${ops}?cursor=xyz`), { status: 400, body: { code: 'malformed' } });
});

t.test('what cannot be replayed is refused, with the reason', { skip }, async (t) => {
  const service = await testService(t, { kafka: brokers });
  const { url, prefix } = service;
  const head = await recordSeed(url);
  const refused = async (asked: object) => {
    const whole = { from_position: 1, to_position: head, ...asked };
    const { status, body } = await post(url + ops, whole);
    return [status, body.code];
  };
  const { eventsTopic, warStatusTopic, deadLettersTopic } = namesOf(prefix);
  for (const topic of [eventsTopic, warStatusTopic, deadLettersTopic]) {
    t.strictSame(await refused({ topic }), [422, 'topic-live']);
  }
  t.strictSame(await refused({ from_position: 2, to_position: 1 }), [422, 'range-empty']);
  t.strictSame(await refused({ to_position: head + 1 }), [400, 'beyond-log']);
  for (const bad of [
    { from_position: 0 },
    { to_position: '7' },
    { types: ['WarEnded'] },
    { types: [] },
    { topic: '../x' },
    { topic: '..' },
    { stream: 'X' },
    { id: 'a/b' },
    { state: 'done' },
  ]) {
    t.strictSame(await refused(bad), [400, 'malformed'], JSON.stringify(bad));
  }
  const { body } = await post(url + ops, { from_position: 1, to_position: 1 });
  t.strictSame(await refused({ topic: body.topic }), [409, 'topic-taken']);
  t.equal((await ends(service, body.id)).state, 'done');
  t.match(await send('DELETE', `${url}${ops}/${body.id}`), { status: 409 });
  t.match(await send('POST', `${url}${ops}/${body.id}/resume`), {
    status: 409,
    body: { code: 'replay-over', detail: /is done/ },
  });
  for (const [method, path] of [
    ['DELETE', 'none'],
    ['POST', 'none/resume'],
  ] as const) {
    t.match(await send(method, `${url}${ops}/${path}`), {
      status: 404,
      body: { code: 'replay-unknown' },
    });
  }
  t.equal((await get(`${url}${ops}/none`)).status, 404);
});

// Seen to fail: without the process that relays, and with the replay of the command run unasked.
t.test('asked of one process, run by another; resumed, cancelled', { skip }, async (t) => {
  const api = await testService(t, {
    kafka: brokers,
    environment: { ROLES: 'api,projector' },
  });
  const head = await recordSeed(api.url);
  const part = { from_position: 1, to_position: head };
  const [one, other] = [await post(api.url + ops, part), await post(api.url + ops, part)];
  const client = await connectOnce(api.databaseUrl);
  t.teardown(() => client.end());
  // As a command leaves one that Ctrl-C has stopped.
  await client.query('update replays set run_by = $1 where id = $2', ['command', one.body.id]);
  const cancelled = await send('DELETE', `${api.url}${ops}/${other.body.id}`);
  t.match(cancelled, { status: 200, body: { state: 'cancelled' } });
  t.match(await send('DELETE', `${api.url}${ops}/${other.body.id}`), { status: 200 });
  t.match(await send('POST', `${api.url}${ops}/${other.body.id}/resume`), {
    status: 409,
    body: { code: 'replay-over' },
  });
  await testService(t, { kafka: brokers, like: api, environment: { ROLES: 'relay' } });
  const third = await post(api.url + ops, part);
  t.match(await ends(api, third.body.id), { state: 'done', published: head });
  t.match(await find(api, one.body.id), { state: 'running', run_by: 'command', published: 0 });
  t.match(await find(api, other.body.id), { state: 'cancelled', published: 0 });
  const resumed = await send('POST', `${api.url}${ops}/${one.body.id}/resume`);
  t.match(resumed, { status: 200, body: { run_by: 'service' } });
  t.match(await ends(api, one.body.id), { state: 'done', published: head });
  t.equal((await positionsOn(api, one.body.topic as string)).length, head);
});

// Seen to fail with the fault not noted.
t.test('what cannot go on says why, and holds up no other', { skip }, async (t) => {
  const service = await testService(t, { kafka: brokers });
  const head = await recordSeed(service.url);
  const client = await connectOnce(service.databaseUrl);
  t.teardown(() => client.end());
  // A topic that no broker makes.
  await client.query(
    `insert into replays (id, topic, from_position, to_position, position, run_by)
     values ('stuck', 'no/topic', 1, 1, 0, 'service')`,
  );
  const { body } = await post(service.url + ops, { from_position: 1, to_position: head });
  t.match(await ends(service, body.id), { state: 'done' });
  await until(
    async () => (await find(service, 'stuck')).last_error !== null,
    () => 'no error',
  );
  t.match(await find(service, 'stuck'), { state: 'running', position: 0 });
  const { status } = await send('DELETE', `${service.url}${ops}/stuck`);
  t.equal(status, 200);
});

t.test('a process without Kafka says so', async (t) => {
  const { url } = await testService(t);
  const head = await recordSeed(url);
  while ((await get(`${url}/readyz`)).status !== 200) await sleep(50);
  const asked = { from_position: 1, to_position: head };
  t.match(await post(url + ops, asked), {
    status: 503,
    body: { code: 'kafka-unavailable', detail: /KAFKA_BROKERS is none/ },
  });
  t.match(await get(url + ops), { status: 200, body: { items: [] } });
  t.match(await get(`${url}/v1/ops/relay`), {
    status: 200,
    body: {
      events: { state: 'waiting', last_error: /KAFKA_BROKERS is none/, progress: null },
      war_status: { state: 'waiting' },
    },
  });
});

t.test('how far the topics are, asked of any process', { skip }, async (t) => {
  const service = await testService(t, { kafka: brokers });
  const head = await recordSeed(service.url);
  const api = await testService(t, {
    kafka: brokers,
    like: service,
    environment: { ROLES: 'api,projector' },
  });
  type Relay = Record<'events' | 'war_status', { progress: { position: number } | null }>;
  let found: Relay | undefined;
  for (const { url } of [service, api]) {
    await until(
      async () => {
        found = (await get<Relay>(`${url}/v1/ops/relay`)).body;
        const { events, war_status } = found;
        return [events, war_status].every(({ progress }) => (progress?.position ?? 0) >= head);
      },
      () => found,
    );
    const state = url === api.url ? 'elsewhere' : 'active';
    const progress = { partitions: 6, position: head, lag_events: 0, lag_seconds: 0 };
    t.strictSame(found, {
      events: { topic: namesOf(service.prefix).eventsTopic, state, last_error: null, progress },
      war_status: {
        ...{ topic: namesOf(service.prefix).warStatusTopic, state, last_error: null, progress },
      },
    });
  }
  t.match(await get(`${api.url}/readyz`), {
    body: { status: 'ready', relay: { state: 'elsewhere', position: head } },
  });
});
