/** PostgreSQL that does not answer, or has no room: 503 in time, nothing pretended, all well after. */
import t from 'tap';
import { serving } from '../cli/serving.ts';
import { ownPostgres } from '../postgres.ts';
import { get, post, recordSeed } from '../service.ts';
import { isProblem } from './raw.ts';

const isFull = process.env.FAULTS === 'full';
const actor = { name: 'Reuters', kind: 'agency' };

// Seen to fail, by hanging, without `query_timeout` of the pool that requests are answered by.
t.test('PostgreSQL is frozen: 503 by the deadline, alive, not ready', async (t) => {
  const postgres = await ownPostgres(t.testdir());
  t.teardown(postgres.stop);
  const service = await serving(t, postgres.url);
  const { url } = service;
  const before = await recordSeed(url);
  await postgres.freeze();
  const key = { 'idempotency-key': 'while-frozen' };
  const until = Date.now() + (isFull ? 30_000 : 0);
  do {
    const asked = [
      post(`${url}/v1/actors`, actor, key),
      ...['events', 'timeline', 'claims', 'conflicts'].map((name) => get(`${url}/v1/${name}`)),
    ];
    t.equal((await get(`${url}/livez`)).status, 200);
    const readiness = await get(`${url}/readyz`);
    t.match(readiness, { status: 503, body: { status: 'unready' } });
    for (const answer of await Promise.all(asked)) {
      isProblem(t, answer, 503);
      t.match(answer.body, { code: 'log-unavailable' });
      t.equal(answer.headers.get('retry-after'), '1');
    }
  } while (Date.now() < until);
  await postgres.thaw();
  let last = await post(`${url}/v1/actors`, actor, key);
  for (; last.status === 503; last = await post(`${url}/v1/actors`, actor, key));
  t.equal(last.status, 201);
  t.equal(last.body.position, before + 1, 'recorded once, however often it was sent');
  t.match(await get(`${url}/readyz`), { status: 200, body: { status: 'ready', head: before + 1 } });
  t.match(await service.stop(), { code: 0 });
});
