/** PostgreSQL that does not answer, or has no room: 503 in time, nothing pretended, all well after. */
import t from 'tap';
import { connectOnce } from '../../src/db.ts';
import { serving } from '../cli/serving.ts';
import { ownPostgres } from '../postgres.ts';
import { get, post, recordSeed } from '../service.ts';
import { smallDisk, withoutSmallDisk } from '../small-disk.ts';
import { isProblem } from './raw.ts';

const isFull = process.env.FAULTS === 'full';
const actor = { name: 'Reuters', kind: 'agency' };
const diskMebibytes = 64;

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

// Seen to fail with SQLSTATE class 53 taken for no reason to come again: 500, and paused projections;
// and with a pool that asks PostgreSQL for one more connection: 503 for those who read.
t.test(
  'the disk is full: 503, reads go on; with room again, all does',
  {
    skip: withoutSmallDisk,
  },
  async (t) => {
    const disk = await smallDisk(t, diskMebibytes);
    const { url, stop } = await serving(t, disk.databaseUrl);
    await recordSeed(url);
    const acknowledged = new Map<string, number>();
    const record = async () => {
      const key = `claim-${acknowledged.size}`;
      const answer = await post(`${url}/v1/claims`, claimOf(key), { 'idempotency-key': key });
      if (answer.status === 201) acknowledged.set(key, answer.body.position as number);
      return answer;
    };
    for (let i = 0; i < 20; i += 1) t.equal((await record()).status, 201);
    await forgetCatalogue(disk.databaseUrl);
    await disk.fill();
    // Until the room is used up that the tables have already.
    let refused = await record();
    while (refused.status === 201) refused = await record();
    isProblem(t, refused, 503);
    t.match(refused.body, { code: 'log-unavailable' });
    const head = Math.max(...acknowledged.values());
    for (const path of ['events?limit=1', 'timeline?limit=1', 'claims?limit=1', 'actors?limit=1']) {
      t.equal((await get(`${url}/v1/${path}`)).status, 200, `${path} is read`);
    }
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => get(`${url}/v1/timeline?limit=1`)),
    );
    for (const { status } of answers) t.equal(status, 200, 'read by many at once');
    const ready = await get(`${url}/readyz`);
    t.match(ready, { status: 200, body: { head } });
    isProblem(t, await record(), 503);
    await disk.empty();
    for (let answer = await record(); answer.status !== 201; answer = await record());
    const last = Math.max(...acknowledged.values());
    t.equal(last, head + 1, 'what was refused is not there');
    for (const [key, position] of acknowledged) {
      const again = await post(`${url}/v1/claims`, claimOf(key), { 'idempotency-key': key });
      t.match(again, { status: 201, body: { position } });
      t.equal(
        again.headers.get('idempotency-replayed'),
        'true',
        `${key} is as it was acknowledged`,
      );
    }
    const seen = await get(`${url}/v1/timeline?limit=1&min_position=${last}&wait_ms=10000`);
    t.equal(seen.status, 200, 'the views have caught up');
    t.match(await get(`${url}/readyz`), { status: 200, body: { status: 'ready', head: last } });
    t.match(await stop(), { code: 0 });
  },
);

// Until a connection has written down anew where the tables of the catalogue are, PostgreSQL begins
// none; a vacuum of its own does the same, now and then.
async function forgetCatalogue(databaseUrl: string): Promise<void> {
  const client = await connectOnce(databaseUrl);
  await client.query('vacuum full pg_class');
  await client.end();
}

function claimOf(key: string) {
  return {
    conflict_id: 'russia-ukraine-2022',
    attribution: { claimant_id: 'ua-armed-forces', chain: [] },
    asserted_at: '2022-09-12',
    proposition: { kind: 'statement', text: `${key} ${'x'.repeat(2_000)}` },
  };
}
