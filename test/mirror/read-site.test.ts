/** A read site: fed by Kafka alone, it answers what the primary answers at the same position. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { conflictId } from '../../src/cli/seed-report.ts';
import { readHead } from '../../src/db.ts';
import { projections } from '../../src/service.ts';
import { freshDatabase } from '../db.ts';
import { type Following, follow } from '../http/following.ts';
import { until } from '../relay/relaying.ts';
import { withoutBroker } from '../relay/topic.ts';
import { brokers, get, post, recordSeed, type TestService, testService } from '../service.ts';
import { logRows, openAgain, projectionRows } from './mirroring.ts';

const skip = withoutBroker;
type Readyz = {
  status: string;
  head: number;
  mirror: { state: string; waiting: number; last_error?: string };
  projections: { position: number }[];
};

async function caughtUp({ url }: TestService, position: number): Promise<Readyz> {
  let last: Readyz | undefined;
  await until(
    async () => {
      last = (await get<Readyz>(`${url}/readyz`)).body;
      return [last.head, ...last.projections.map((one) => one.position)].every(
        (one) => one >= position,
      );
    },
    () => last,
  );
  return last as Readyz;
}

const views = [
  '/v1/events?limit=1000',
  '/v1/streams/claim-ru-mod-2022-09-12-killed',
  `/v1/conflicts/${conflictId}/status`,
  `/v1/timeline?conflict=${conflictId}&limit=100`,
  '/v1/actors?limit=100',
  '/v1/places?limit=100',
  '/v1/reports?limit=100',
  '/v1/conflicts?limit=100',
];

t.test('a read site fills itself and answers as the primary does', { skip }, async (t) => {
  const primary = await testService(t, { kafka: brokers });
  const position = await recordSeed(primary.url);
  const site = await testService(t, { kafka: brokers, readSiteOf: primary });
  const ready = await caughtUp(site, position);
  t.match(ready, { status: 'ready', head: position, mirror: { state: 'reading', waiting: 0 } });
  await caughtUp(primary, position);
  const half = Math.floor(position / 2);
  const all = [
    ...views,
    ...views.slice(2).map((view) => `${view}${mark(view)}at_position=${half}`),
  ];
  for (const view of all) {
    const [one, other] = await Promise.all([primary, site].map(({ url }) => fetch(url + view)));
    t.equal(one?.status, 200, view);
    t.equal(await other?.text(), await one?.text(), view);
    t.equal(other?.headers.get('etag'), one?.headers.get('etag'), view);
  }
  const [one, other] = [openAgain(t, primary.databaseUrl), openAgain(t, site.databaseUrl)];
  t.strictSame(await logRows(other), await logRows(one));
  t.strictSame(await projectionRows(other, projections), await projectionRows(one, projections));
  const { body } = await post(`${primary.url}/v1/actors`, { kind: 'agency', name: 'A' });
  await caughtUp(site, body.position as number);
});

t.test('what would be recorded is refused, with the reason', { skip }, async (t) => {
  const primary = await testService(t, { kafka: brokers });
  const site = await testService(t, { kafka: brokers, readSiteOf: primary });
  const actor = await post(`${site.url}/v1/actors`, { kind: 'agency', name: 'A' });
  t.match(actor, { status: 405, body: { code: 'read-site', detail: /mirrors the log/ } });
  t.equal(actor.headers.get('allow'), 'GET, HEAD, OPTIONS');
  const claim = await post(`${site.url}/v1/claims/x/retraction`, {});
  t.match(claim, { status: 405, body: { code: 'read-site' } });
  t.equal(claim.headers.get('allow'), 'OPTIONS');
  const bulk = await post(`${site.url}/v1/events`, '[]', {
    'content-type': 'application/cloudevents-batch+json',
  });
  t.match(bulk, { status: 405, body: { code: 'read-site' } });
  // Its projections are its own.
  const rebuild = await fetch(`${site.url}/v1/ops/projections/timeline/rebuild`, {
    method: 'POST',
  });
  t.equal(rebuild.status, 202);
});

// Seen to fail with 400 where the mirror's log is taken for all of it, and where a stream that is
// ahead of that has those that join it read and read.
t.test('what the mirror has not received yet is waited for', { skip }, async (t) => {
  const primary = await testService(t, { kafka: brokers });
  const head = await recordSeed(primary.url);
  const site = await testService(t, { kafka: brokers, readSiteOf: primary });
  await caughtUp(site, head);
  const actor = (url: string) => `${url}/v1/actors?min_position=${head + 2}`;
  t.match(await get(`${actor(primary.url)}&wait_ms=0`), { status: 400 }, 'no event is there');
  const behind = await get(`${actor(site.url)}&wait_ms=0`);
  t.match(behind, { status: 503, body: { code: 'view-behind' } });
  t.match(behind.headers.get('retry-after'), /^\d+$/);
  const since = await get(`${site.url}/v1/changes?since=${head + 2}`);
  t.match(since, { status: 200, body: { items: [], next_cursor: null } });
  const open: Following[] = [];
  for (const path of ['/v1/events/stream', '/v1/timeline/stream']) {
    const ahead = await follow(site.url + path, String(head + 2));
    open.push(ahead);
    await ahead.until(({ event }) => event === 'caught-up');
    const joined = await follow(site.url + path);
    open.push(joined);
    await joined.until(({ event }) => event === 'caught-up');
  }
  const waiting = get(`${actor(site.url)}&wait_ms=10000`);
  for (const name of ['A', 'B', 'C']) {
    await post(`${primary.url}/v1/actors/ru/renamings`, { name });
  }
  t.equal((await waiting).status, 200);
  for (const [i, one] of open.entries()) {
    await one.until(({ id }) => id === head + 3);
    const messages = one.messages.filter(({ event }) => event === 'message');
    const wanted = [head + 1, head + 2, head + 3].slice(i % 2 === 0 ? 2 : 0);
    t.strictSame(
      messages.map(({ id }) => id),
      wanted,
    );
    one.close();
  }
});

function mark(view: string): string {
  return view.includes('?') ? '&' : '?';
}

// Each has part of the partitions; what the killed one had read and not committed, the other reads
// again. Seen to fail with offsets committed before the database: positions are missing for good.
t.test(
  'two processes share the work, one is killed: nothing lost or doubled',
  { skip },
  async (t) => {
    const primary = await testService(t, { kafka: brokers });
    const { url: databaseUrl } = await freshDatabase(t);
    const environment = {
      ...{ DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers as string, LOG_LEVEL: 'fatal' },
      ...{ KAFKA_PREFIX: primary.prefix, PROJECTION_FEED: 'kafka', ROLES: 'projector' },
    };
    const [first, second] = [await startProcess(environment), await startProcess(environment)];
    t.teardown(async () => second.kill('SIGKILL'));
    const writing = writeFor(primary.url, 3_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    first.kill('SIGKILL');
    await once(first, 'exit');
    const head = await writing;
    const [one, other] = [openAgain(t, primary.databaseUrl), openAgain(t, databaseUrl)];
    let reached = 0;
    const isThere = async () => {
      reached = await readHead(other);
      return reached >= head;
    };
    await until(isThere, () => ({ reached, head }));
    t.strictSame(await logRows(other), await logRows(one));
  },
);

async function startProcess(environment: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['src/main.ts', 'start'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  return child;
}

/** Registers conflicts, each a key of its own, for a while; answers the last position. */
async function writeFor(url: string, ms: number): Promise<number> {
  await recordSeed(url);
  let position = 0;
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    const one = () => post(`${url}/v1/actors`, { kind: 'agency', name: 'A' });
    const answers = await Promise.all(Array.from({ length: 20 }, one));
    position = Math.max(position, ...answers.map(({ body }) => body.position as number));
  }
  return position;
}
