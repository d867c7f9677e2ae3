import t from 'tap';
import type { NewEvent } from '../../src/eventstore/event-store.ts';
import { idempotency, requestOf } from '../../src/http/idempotency.ts';
import { freshStore } from '../db.ts';
import { events } from '../eventstore/events.ts';
import { get, post, recordSeed, testService } from '../service.ts';

const key = { 'idempotency-key': 'k-1' };
const actor = { kind: 'agency', name: 'A' };
const conflict_id = 'russia-ukraine-2022';
const attribution = { claimant_id: 'ru-mod', chain: [] };

t.test(
  'a key answers as at first, with the id it made; its use elsewhere is refused',
  async (t) => {
    const { url } = await testService(t);
    const first = await post(`${url}/v1/actors`, actor, key);
    t.equal(first.status, 201);
    t.notOk(first.headers.has('idempotency-replayed'));
    const again = await post(`${url}/v1/actors`, actor, key);
    t.equal(again.status, 201);
    t.equal(again.headers.get('idempotency-replayed'), 'true');
    t.strictSame(again.body, first.body);
    t.equal(again.headers.get('location'), first.headers.get('location'));
    const others: [string, object][] = [
      ['/v1/actors', { ...actor, name: 'B' }],
      ['/v1/conflicts', { name: 'A' }],
    ];
    for (const [path, body] of others) {
      const other = await post(url + path, body, key);
      t.match(other, { status: 422, body: { code: 'idempotency-key-reused' } }, path);
    }
  },
);

// Red without the set of keys in progress (both 201).
t.test('of two at once one is recorded, and the other is told so', async (t) => {
  const { url } = await testService(t);
  const answers = await Promise.all([
    post(`${url}/v1/actors`, actor, key),
    post(`${url}/v1/actors`, actor, key),
  ]);
  const [won, lost] = answers.toSorted((a, b) => a.status - b.status);
  t.equal(won?.status, 201);
  t.match(lost, { status: 409, body: { code: 'idempotency-key-in-progress' } });
  t.equal((await post(`${url}/v1/actors`, actor, key)).status, 201);
});

t.test('of two at once in two processes the log keeps one, and both are told of it', async (t) => {
  const one = await testService(t);
  const other = await testService(t, { like: one });
  for (let i = 0; i < 20; i += 1) {
    const own = { 'idempotency-key': `key-${i}` };
    const [first, second] = await Promise.all([
      post(`${one.url}/v1/actors`, actor, own),
      post(`${other.url}/v1/actors`, actor, own),
    ]);
    t.strictSame(first?.body, second?.body);
    t.strictSame([first?.status, second?.status], [201, 201]);
  }
  const { body } = await get<{ items: unknown[] }>(`${one.url}/v1/events`);
  t.equal(body.items.length, 20);
});

// Red without the table of answers: the third request is then decided anew and records a verdict.
t.test('an answer without events is given again, whatever was said since', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const path = `${url}/v1/claims/ru-mod-2022-09-12-killed/assessments`;
  const said = { conflict_id, attribution, assessor_id: 'cnn' };
  const disputed = { ...said, verdict: 'disputed' };
  t.equal((await post(path, disputed)).status, 201);
  const known = await post(path, disputed, key);
  t.match(known, { status: 200, body: { event_ids: [] } });
  t.equal((await post(path, { ...said, verdict: 'corroborated' })).status, 201);
  const again = await post(path, disputed, key);
  t.equal(again.status, 200);
  t.strictSame(again.body, known.body);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.match(await post(path, said, key), { status: 400 });
  t.match(await post(path, { ...disputed, method: 'm' }, key), { status: 422 });
});

t.test('a refusal is not remembered: the request may succeed later', async (t) => {
  const { url } = await testService(t);
  const body = { id: 'c1', name: 'C', parties: ['ru'] };
  t.equal((await post(`${url}/v1/conflicts`, body, key)).status, 422);
  await post(`${url}/v1/actors`, { id: 'ru', kind: 'state', name: 'R' });
  t.equal((await post(`${url}/v1/conflicts`, body, key)).status, 201);
});

// Red without a look into the log after a decision that it is so already.
t.test('what another process recorded meanwhile, under the same key, is the answer', async (t) => {
  const { db, store } = await freshStore(t);
  const request = { method: 'POST', url: '/v1/actors/a/renamings', body: { name: 'A' } };
  const keyed = requestOf('anonymous', 'k', request as never);
  const [renamed] = events(1) as [NewEvent];
  const recorded = {
    ...renamed,
    id: keyed.uuid('0'),
    metadata: { ...renamed.metadata, request_sha256: keyed.sha256 },
  };
  const answer = await idempotency(db, store).once(keyed, async () => {
    await store.append({ stream: 'actor-a', expectedVersion: 0, events: [recorded] });
    return { stream: 'actor-a', version: 1, position: 1, event_ids: [] };
  });
  t.match(answer, { isReplay: true, event_ids: [recorded.id] });
});
