/**
 * Appends over HTTP beside a bare Fastify route with the same schemas: requests a second, and CPU of
 * the server's process per request. What the store itself costs is measured by its own appends of
 * the same events. Each is a process of its own and has a core of its own, where one can be told
 * so: what posts and what stores would push it out of its caches, as they would not from another
 * machine.
 */
import { once } from 'node:events';
import { v7 as uuidv7 } from 'uuid';
import { registrySteps, reportSteps } from '../src/cli/seed-report.ts';
import { claimRoutes } from '../src/http/claims.ts';
import type { CommandRoute } from '../src/http/commands.ts';
import { inTurn, median, postgresPids, processCpuUs, round, table } from './measure.ts';
import { peer } from './peers.ts';
import type { Bench } from './run.ts';
import { keepTo, measuredCore, otherCores, type Server, serve } from './servers.ts';

const connectionCounts = [1, 64, 512];
/** An append over HTTP may cost so many bare posts, beside what the store itself costs. */
const mostBares = 2;

type Figure = { per_s: number; cpu_us: number };
type Seen = { ours: Figure[]; bare: Figure[]; store: Figure[] };
type Autocannon = (options: object) => Promise<{
  requests: { total: number };
  non2xx: number;
  statusCodeStats: Record<string, { count: number }>;
}>;

export const benchHttp: Bench = async (fresh, short) => {
  for (const pid of [process.pid, ...(await postgresPids())]) keepTo(otherCores, pid);
  const storeUrl = await fresh('store');
  const ms = short ? 500 : 4_000;
  const seen = connectionCounts.map((): Seen => ({ ours: [], bare: [], store: [] }));
  // Of the same code one process takes a tenth more than another, for as long as it lives.
  for (let process = 0; process < (short ? 1 : 3); process += 1) {
    await measureProcesses(await fresh(`http${process}`), storeUrl, ms, seen);
  }
  const rows = [];
  const ratios: Record<string, number> = {};
  for (const [i, connections] of connectionCounts.entries()) {
    const of = (contender: keyof Seen, name: keyof Figure) =>
      median((seen[i] as Seen)[contender].map((one) => one[name]));
    const [ours, bare, store] = [of('ours', 'cpu_us'), of('bare', 'cpu_us'), of('store', 'cpu_us')];
    const bares = (ours - store) / bare;
    ratios[`${connections} connections`] = round(bares, 2);
    rows.push({
      connections,
      'appends/s': of('ours', 'per_s'),
      'bare posts/s': of('bare', 'per_s'),
      'CPU us of an append': round(ours, 1),
      'of a bare post': round(bare, 1),
      "the store's own": round(store, 1),
      'append without the store, in bare posts': round(bares, 2),
      target: `at most ${mostBares}`,
      'append over a bare post and the store': round(ours / (bare + store), 2),
    });
  }
  return { text: table(rows), json: { figures: rows, ratios } };
};

/** A new process of each kind, warm: adds what each takes to `seen`. */
async function measureProcesses(databaseUrl: string, storeUrl: string, ms: number, seen: Seen[]) {
  const ours = await serve(['src/main.ts', 'start'], {
    DATABASE_URL: databaseUrl,
    ROLES: 'api',
    KAFKA_BROKERS: 'none',
    PORT: '0',
    LOG_LEVEL: 'error',
    RATE_LIMIT_PER_MINUTE: '0',
  });
  const bare = await serve(['bench/bare-server.ts'], {});
  const store = await serve(['bench/store-server.ts'], { DATABASE_URL: storeUrl });
  for (const { process } of [ours, bare, store]) keepTo(measuredCore, process.pid as number);
  await recordRegister(ours.url);
  const data = await recordedClaim(ours.url);
  const measure = {
    ours: (connections: number) => load(ours, connections, ms),
    bare: (connections: number) => load(bare, connections, ms),
    store: async (callers: number): Promise<Figure> => {
      const url = `${store.url}?callers=${callers}&ms=${ms / 2}`;
      const response = await post(url, JSON.stringify(data));
      const { per_s, node_us } = (await response.json()) as { per_s: number; node_us: number };
      return { per_s, cpu_us: node_us };
    },
  };
  // As a service is that has run for a while. A lone append goes another way through the store than
  // a batch, and one at a time it takes V8 some 30,000 of them, and several connections opened and
  // closed, until all of it is compiled.
  for (const connections of [64, 64, 1, 1, 1, 1, 1, 1]) {
    for (const contender of Object.values(measure)) await contender(connections);
  }
  for (const [i, connections] of connectionCounts.entries()) {
    const into = (contender: keyof Seen) => async () => {
      const figure = await measure[contender](connections);
      seen[i]?.[contender].push(figure);
      return figure.per_s;
    };
    await inTurn(2, { ours: into('ours'), bare: into('bare'), store: into('store') });
  }
  for (const { process } of [ours, bare, store]) {
    process.kill();
    await once(process, 'exit');
  }
}

async function recordRegister(url: string): Promise<void> {
  const [report] = reportSteps;
  for (const step of [...registrySteps, report as (typeof reportSteps)[number]]) {
    await post(url + step.path, JSON.stringify(step.body));
  }
}

async function post(url: string, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  if (response.status >= 300) throw new Error(`${url}: ${response.status}`);
  return response;
}

/** The data of the event that a claim is recorded as, sent as `load` sends them. */
async function recordedClaim(url: string): Promise<object> {
  const response = await post(`${url}/v1/claims`, `{"id":"${uuidv7()}",${claimText()}`);
  const { event_ids } = (await response.json()) as { event_ids: string[] };
  const event = await fetch(`${url}/v1/events/${event_ids[0]}`);
  return ((await event.json()) as { data: object }).data;
}

/** All of a claim but its id, which comes first. */
function claimText(): string {
  const { id: _id, ...claim } = (claimRoutes[0] as CommandRoute).example as { id: string };
  return JSON.stringify(claim).slice(1);
}

async function load(server: Server, connections: number, ms: number): Promise<Figure> {
  const autocannon = await peer<Autocannon>('autocannon');
  const rest = claimText();
  const before = await processCpuUs(server.process.pid as number);
  const started = performance.now();
  const { requests, non2xx, statusCodeStats } = await autocannon({
    url: `${server.url}/v1/claims`,
    connections,
    duration: ms / 1_000,
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request: object) => ({ ...request, body: `{"id":"${uuidv7()}",${rest}` }),
      },
    ],
  });
  if (non2xx > 0) throw new Error(`${server.url} refused: ${JSON.stringify(statusCodeStats)}`);
  const seconds = (performance.now() - started) / 1_000;
  const cpu = (await processCpuUs(server.process.pid as number)) - before;
  return { per_s: Math.round(requests.total / seconds), cpu_us: cpu / requests.total };
}
