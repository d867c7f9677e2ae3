import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { mutate } from '../eventstore/mutate.ts';
import { get, post, recordSeed, testService } from '../service.ts';

const attribution = { claimant_id: 'ru-mod', chain: [] };
const conflict_id = 'russia-ukraine-2022';
const quantity = { value: 5, qualifier: 'exact', unit: '{person}', measure: 'increment' };
const proposition = {
  kind: 'casualties',
  side_id: 'ua',
  category: 'military',
  outcome: 'killed',
  quantity,
};
const claim = { conflict_id, attribution, proposition };
type Fault = { pointer: string };

t.test('bad input is a problem with pointers, and nothing is stored', async (t) => {
  const { url } = await testService(t);
  const before = await recordSeed(url);
  const withQuantity = (more: object) => ({
    ...claim,
    proposition: { ...proposition, quantity: { ...quantity, ...more } },
  });
  const cases: [unknown, number, string[]][] = [
    [withQuantity({ value: null }), 400, ['/proposition/quantity/value']],
    [withQuantity({ value: '5' }), 400, ['/proposition/quantity/value']],
    [withQuantity({ value: true }), 400, ['/proposition/quantity/value']],
    [withQuantity({ value: -1 }), 400, ['/proposition/quantity/value']],
    [withQuantity({ value: 2 ** 53 }), 400, ['/proposition/quantity/value']],
    [JSON.stringify(claim).replace(':5,', ':1e400,'), 400, ['/proposition/quantity/value']],
    [withQuantity({ low: 5 }), 400, ['/proposition/quantity/low']],
    [withQuantity({ value: 0.5 }), 422, ['/proposition/quantity/value']],
    [{ ...claim, recorded_at: '2022-09-12T00:00:00Z' }, 400, ['/recorded_at']],
    [{ ...claim, 'a/b~c': 1 }, 400, ['/a~1b~0c']],
    [{ conflict_id, attribution }, 400, ['/proposition']],
    [{ ...claim, proposition: { kind: 'rumour' } }, 400, ['/proposition/kind']],
    [{ ...claim, id: 'Not An Id' }, 400, ['/id']],
    [{ ...claim, asserted_at: '2022-02-30' }, 400, ['/asserted_at']],
    [{ ...claim, asserted_at: '2022-09-12T10:00:00' }, 400, ['/asserted_at']],
    [{ ...claim, conflict_id: 'nowhere' }, 422, ['/conflict_id']],
    [
      { ...claim, attribution: { ...attribution, claimant_id: 'nobody' } },
      422,
      ['/attribution/claimant_id'],
    ],
    [
      { ...claim, attribution: { ...attribution, quote: { text: 'a\u202eb', language: 'en' } } },
      400,
      ['/attribution/quote/text'],
    ],
    ['{"conflict_id":', 400, []],
    ['', 400, []],
  ];
  for (const [body, status, pointers] of cases) {
    const answer = await post(`${url}/v1/claims`, body);
    const text = JSON.stringify(body).slice(0, 120);
    t.equal(answer.status, status, text);
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    t.match(answer.body, { status, code: String, request_id: String, instance: '/v1/claims' });
    const found = ((answer.body.errors ?? []) as Fault[]).map(({ pointer }) => pointer);
    for (const pointer of pointers) t.ok(found.includes(pointer), `${pointer} of ${text}`);
  }
  const media = await post(`${url}/v1/claims`, 'x', { 'content-type': 'text/plain' });
  t.match(media, { status: 415, body: { code: String } });
  const large = await post(`${url}/v1/claims`, JSON.stringify({ x: 'y'.repeat(2 ** 20) }));
  t.match(large, { status: 413, body: { code: String } });
  const { body } = await get<{ head: number }>(`${url}/readyz`);
  t.equal(body.head, before);
});

t.test('unknown paths, queries and cursors are problems too', async (t) => {
  const { url } = await testService(t);
  const status = async (path: string) => {
    const answer = await get(url + path);
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/, path);
    return answer.status;
  };
  t.equal(await status('/v1/nothing'), 404);
  t.equal(await status('/v1/conflicts/none/status'), 404);
  t.equal(await status('/v1/timeline?limit=0'), 400);
  t.equal(await status('/v1/timeline?limit=1001'), 400);
  t.equal(await status('/v1/timeline?limit=1&limit=2'), 400);
  t.equal(await status('/v1/timeline?unknown=1'), 400);
  t.equal(await status('/v1/timeline?cursor=abc'), 400);
  t.equal(await status("/v1/timeline?conflict=';drop"), 400);
  t.equal(await status('/v1/timeline?min_position=99&wait_ms=20'), 400);
});

t.test('ids are given or made; the answer says where the fact is', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const given = await post(`${url}/v1/claims`, { ...claim, id: 'mine' });
  t.match(given, { status: 201, body: { id: 'mine', stream: 'claim-mine', version: 1 } });
  t.equal(given.headers.get('etag'), '"1"');
  // /v1/claims/conflicts is no claim.
  const path = await post(`${url}/v1/claims`, { ...claim, id: 'conflicts' });
  t.match(path, { status: 400, body: { errors: [{ pointer: '/id' }] } });
  const made = await post(`${url}/v1/claims`, claim);
  t.match(made.body.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  const found = await get(url + made.headers.get('location'));
  t.match(found.body, {
    stream: made.body.stream,
    items: [{ id: (made.body.event_ids as string[])[0] }],
  });
});

t.test('the same again is 200 and no event; other content is 409', async (t) => {
  const { url } = await testService(t);
  const actor = { id: 'a', kind: 'agency', name: 'A' };
  t.match(await post(`${url}/v1/actors`, actor), { status: 201, body: { version: 1 } });
  const again = await post(`${url}/v1/actors`, actor);
  t.match(again, { status: 200, body: { version: 1, event_ids: [] } });
  const other = await post(`${url}/v1/actors`, { ...actor, name: 'B' });
  t.match(other, {
    status: 409,
    body: { code: 'registered-otherwise', errors: [{ pointer: '/name' }] },
  });
});

t.test('If-Match: a stale version is 412 and names the current one', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const withdrawal = { conflict_id, attribution, from: ['iso:UA-63'], basis: 'claimed' };
  const path = `${url}/v1/forces/ru/withdrawals`;
  const stale = await post(path, withdrawal, { 'if-match': '"0"' });
  t.match(stale, { status: 412, body: { current_version: 1 } });
  t.match(await post(path, withdrawal, { 'if-match': '"1"' }), {
    status: 201,
    body: { version: 2 },
  });
});

// Red where `*` is taken for no condition: 201.
t.test('If-Match: * is of a stream that is there (RFC 9110, 13.1.1)', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const any = { 'if-match': '*' };
  const withdrawal = { conflict_id, attribution, from: ['iso:UA-63'], basis: 'claimed' };
  t.match(await post(`${url}/v1/forces/ua/withdrawals`, withdrawal, any), {
    status: 412,
    body: { code: 'wrong-version', current_version: 0 },
  });
  t.match(await post(`${url}/v1/forces/ru/withdrawals`, withdrawal, any), { status: 201 });
  const actor = { id: 'new', name: 'New', kind: 'agency' };
  t.match(await post(`${url}/v1/actors`, actor, any), { status: 412 });
  t.match(await post(`${url}/v1/actors`, actor), { status: 201 });
  t.match(await post(`${url}/v1/actors`, actor, any), { status: 200 });
  const retraction = { conflict_id, attribution, reason: 'r' };
  t.match(await post(`${url}/v1/claims/none/retraction`, retraction, any), { status: 404 });
});

// Red where only the body is looked at for what it names.
t.test('whose force moves is registered', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const withdrawal = { conflict_id, attribution, from: ['iso:UA-63'], basis: 'claimed' };
  t.match(await post(`${url}/v1/forces/nobody/withdrawals`, withdrawal), {
    status: 422,
    body: { code: 'reference-unknown', errors: [{ pointer: '/actor_id' }] },
  });
});

// Red without turns: all but a few lose every race.
t.test('many at once to one stream, with no If-Match, are all recorded', async (t) => {
  const one = await testService(t);
  await recordSeed(one.url);
  const repeat = (url: string, i: number) => {
    const quote = { text: `said ${i}`, language: 'en' };
    const repetition = { conflict_id, attribution: { ...attribution, quote } };
    return post(`${url}/v1/claims/ru-mod-2022-09-12-killed/repetitions`, repetition);
  };
  const send = (urls: string[], from: number) =>
    Promise.all(
      Array.from({ length: 50 }, (_, i) => repeat(urls[i % urls.length] ?? '', from + i)),
    );
  for (const { status, body } of await send([one.url], 0))
    t.match({ status, body }, { status: 201 });
  // Two processes may lose to each other; never is the client's version at fault.
  const other = await testService(t, { like: one });
  const answers = await send([one.url, other.url], 50);
  for (const { status, headers } of answers) {
    t.ok(status === 201 || (status === 503 && headers.has('retry-after')), `${status}`);
  }
});

// Red where what expected no version is answered as if it had.
t.test('who expected no version and always loses is told to come again', async (t) => {
  const service = await testService(t);
  await recordSeed(service.url);
  const db = openDb(openPool(service.databaseUrl, () => undefined));
  t.teardown(() => db.destroy());
  const expects = 'expected_version <> -1 and expected_version <> current_version';
  await mutate(db, 'append_event', expects, 'true');
  await mutate(db, 'append_events', 'any_taken or expected <> currents', 'true');
  await mutate(db, 'append_events', 'expected[f.a] not in (-1, currents[f.a])', 'true');
  const withdrawal = { conflict_id, attribution, from: ['iso:UA-63'], basis: 'claimed' };
  const answer = await post(`${service.url}/v1/forces/ru/withdrawals`, withdrawal);
  t.match(answer, { status: 503, body: { code: 'overloaded' } });
  t.ok(answer.headers.has('retry-after'));
});
