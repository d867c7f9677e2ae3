/**
 * The composition root: the only file that connects part to part. Over 200 lines because of that.
 */
import type { AddressInfo } from 'node:net';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { connectOnce, type Db, migrate, openDb, openPool, readLogId } from './db.ts';
import { type EmbeddedServers, embeddedServers } from './embedded/servers.ts';
import type { EventStore } from './eventstore/event-store.ts';
import { postgresEventStore } from './eventstore/postgres.ts';
import { listenForAppends, manualWakeup } from './eventstore/wakeup.ts';
import type { Readiness } from './http/health.ts';
import { httpServer } from './http/server.ts';
import { runDeadLetters } from './mirror/dead-letter-topic.ts';
import { type MirrorState, runMirror } from './mirror/mirror.ts';
import { readMirrorProgress, settleSite } from './mirror/site.ts';
import { claims } from './projections/claims.ts';
import { prepareProjection } from './projections/generations.ts';
import { negotiations } from './projections/negotiations.ts';
import { operations } from './projections/operations.ts';
import type { Projection } from './projections/projection.ts';
import { runProjections } from './projections/projector.ts';
import { runRebuilds } from './projections/rebuild.ts';
import { registry } from './projections/registry.ts';
import { listConflictIds } from './projections/sides.ts';
import { timeline } from './projections/timeline.ts';
import { readVintage } from './projections/vintage.ts';
import { warStatusOf, warStatusSources } from './projections/war-status.ts';
import { kafkaClient } from './relay/client.ts';
import { readLag } from './relay/lag.ts';
import { type RelayState, runRelay } from './relay/relay.ts';
import { namesOf } from './relay/topics.ts';
import { runWarStatus, type WarStatusParts } from './relay/war-status.ts';

/** Every read model there is. */
export const projections: readonly Projection[] = [
  registry,
  claims,
  negotiations,
  operations,
  timeline,
];

export type Service = {
  /** Where the API answers; undefined without the role `api`. */
  readonly url: string | undefined;
  readonly relay: Readonly<RelayState>;
  /** The brokers the relay writes to, or why there are none. Resolves once that is known. */
  readonly brokers: Promise<{ brokers: string[] } | { unavailable: string }>;
  /** Stops taking requests, finishes what is under way, lets go of everything. */
  close(): Promise<void>;
};

/** Starts what `config.roles` names. Resolves when it serves; Kafka may still be starting. */
export async function startService(config: Config, logger: Logger): Promise<Service> {
  // What is open, in order of opening: closed from the last to the first, also if the start fails.
  const open: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (let end = open.pop(); end !== undefined; end = open.pop()) await end();
  };
  try {
    return { ...(await connectParts(config, logger, open)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connectParts(
  config: Config,
  logger: Logger,
  open: (() => Promise<unknown>)[],
): Promise<Omit<Service, 'close'>> {
  const embedded = await startEmbedded(config, logger);
  open.push(async () => embedded?.stop());
  const databaseUrl = config.databaseUrl ?? ((await embedded?.postgres) as string);
  const pool = openPool(databaseUrl, (err) => logger.warn({ err }, 'connection lost'));
  const db = openDb(pool);
  open.push(() => db.destroy());
  await migrate(db);
  await settleSite(db, config.feed);
  for (const projection of projections) await prepareProjection(db, projection);
  const store = openStore({ db, pool, databaseUrl }, logger);
  open.push(() => store.close());
  const listen = () => {
    const listening = listenForAppends(databaseUrl, (err) => logger.warn({ err }, 'LISTEN lost'));
    open.push(() => listening.close());
    return listening;
  };
  // Who only answers requests follows nothing, and need not be woken by every append.
  const follows = config.roles.some((role) => role !== 'api');
  const wakeup = follows ? listen() : manualWakeup();

  const stopping = new AbortController();
  const running: Promise<void>[] = [];
  open.push(async () => {
    stopping.abort();
    await Promise.all(running);
  });
  if (config.roles.includes('projector')) {
    const connect = () => connectOnce(databaseUrl, { pipeline: true });
    const parts = { db, store, wakeup, connect, logger };
    running.push(runProjections(projections, parts, stopping.signal));
    running.push(runRebuilds(projections, parts, stopping.signal));
  }
  const state: RelayState = { state: 'starting', position: 0 };
  const brokers = findBrokers(config, embedded);
  if (config.roles.includes('relay')) {
    const logId = await readLogId(db);
    const parts = { store, wakeup, logId, prefix: config.kafkaPrefix, logger, state };
    const connect = () => connectOnce(databaseUrl);
    const relaying = { ...parts, connect, readView: statusViewOf(db) };
    running.push(relayWhenKafkaIsThere(config, brokers, relaying, stopping.signal));
  }

  const isReadSite = config.feed === 'kafka';
  const mirror: MirrorState = { state: 'starting' };
  if (isReadSite && config.roles.includes('projector')) {
    const kafka = kafkaClient([...(config.kafka as readonly string[])], logger);
    const parts = { kafka, db, prefix: config.kafkaPrefix, logger, state: mirror };
    running.push(runMirror(parts, stopping.signal));
    running.push(runDeadLetters(parts, stopping.signal));
  }

  const readiness = isReadSite
    ? () => readSiteReadiness(db, store, mirror, config)
    : () => readReadiness(db, store, state, config);
  if (!config.roles.includes('api')) return { url: undefined, relay: state, brokers };
  const { auth, requestsPerMinute } = config;
  const app = await httpServer({
    ...{ db, store, projections, readiness, auth, requestsPerMinute, logger, isReadSite },
  });
  open.push(() => app.close());
  await app.listen({ host: config.host, port: config.port });
  return { url: urlOf(app.server.address() as AddressInfo), relay: state, brokers };
}

/** The database that `config` names, or the embedded one, brought up to date: for a command. */
export async function openDatabase(
  config: Config,
  logger: Logger,
): Promise<{ db: Db; pool: Pool; databaseUrl: string; close(): Promise<void> }> {
  const embedded = await startEmbedded({ ...config, kafka: 'none' }, logger);
  const databaseUrl = config.databaseUrl ?? ((await embedded?.postgres) as string);
  const pool = openPool(databaseUrl, (err) => logger.warn({ err }, 'connection lost'));
  const db = openDb(pool);
  const close = async () => {
    await db.destroy();
    await embedded?.stop();
  };
  try {
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { db, pool, databaseUrl, close };
}

/** The log and the tables of these projections, for a command. */
export async function openLog(config: Config, logger: Logger, those: readonly Projection[]) {
  const { db, pool, databaseUrl, close } = await openDatabase(config, logger);
  for (const projection of those) await prepareProjection(db, projection);
  const store = openStore({ db, pool, databaseUrl }, logger);
  return {
    ...{ db, store, logger },
    connect: () => connectOnce(databaseUrl, { pipeline: true }),
    async close() {
      await store.close();
      await close();
    },
  };
}

function openStore(
  { db, pool, databaseUrl }: { db: Db; pool: Pool; databaseUrl: string },
  logger: Logger,
) {
  return postgresEventStore({
    db,
    pool,
    connect: () => connectOnce(databaseUrl, { pipeline: true }),
    onError: (err) => logger.warn({ err }, 'connection for appends lost'),
  });
}

async function relayWhenKafkaIsThere(
  config: Config,
  brokers: Service['brokers'],
  parts: Omit<WarStatusParts, 'kafka'>,
  signal: AbortSignal,
): Promise<void> {
  const { logger, state } = parts;
  const found = await brokers;
  if ('unavailable' in found) {
    state.state = 'waiting';
    state.lastError = found.unavailable;
    logger.warn(`the relay waits: ${found.unavailable}`);
    return;
  }
  if (signal.aborted) return;
  const makesTopics = config.kafka === 'embedded';
  const kafka = kafkaClient(found.brokers, logger);
  const ownState: RelayState = { state: 'starting', position: 0 };
  await Promise.all([
    runRelay({ ...parts, makesTopics, kafka }, signal),
    runWarStatus({ ...parts, kafka, state: ownState }, signal),
  ]);
}

/** The war status as the API answers it, read for the topic. */
export function statusViewOf(db: Db): WarStatusParts['readView'] {
  const find = warStatusOf(db);
  return async () => {
    const at = await readVintage(db, warStatusSources);
    const { position, known_at } = at.as_of;
    return {
      ...{ position, known_at },
      conflicts: () => listConflictIds(db, at),
      find: (conflictId) => find(at, conflictId),
    };
  };
}

async function startEmbedded(config: Config, logger: Logger): Promise<EmbeddedServers | undefined> {
  const postgres = config.databaseUrl === undefined;
  const kafka = config.kafka === 'embedded' && config.roles.includes('relay');
  if (!postgres && !kafka) return undefined;
  return embeddedServers({
    dataDir: config.dataDir,
    postgres,
    kafka,
    onProgress: (message) => logger.info(message),
    onExit: (server, detail) => logger.error(`embedded ${server} ended: ${detail}`),
  });
}

async function findBrokers(
  config: Config,
  embedded: EmbeddedServers | undefined,
): Promise<{ brokers: string[] } | { unavailable: string }> {
  if (config.kafka === 'none') return { unavailable: 'KAFKA_BROKERS is none' };
  if (config.kafka !== 'embedded') return { brokers: [...config.kafka] };
  const found = await embedded?.kafka;
  if (found === undefined) return { unavailable: 'this process has no relay' };
  return 'brokers' in found ? { brokers: [found.brokers] } : found;
}

async function readReadiness(
  db: Db,
  store: EventStore,
  { state, position: ownPosition, lastError }: RelayState,
  config: Config,
): Promise<Readiness> {
  const { eventsTopic } = namesOf(config.kafkaPrefix);
  const last = lastError !== undefined && { last_error: lastError };
  const own = { state, position: ownPosition, ...last };
  try {
    const [head, shown, rows] = await Promise.all([
      store.head(),
      db.selectFrom('relay_topics').select('position').where('topic', '=', eventsTopic).execute(),
      listRunning(db),
    ]);
    const position = Math.max(ownPosition, shown[0]?.position ?? 0);
    const relay = { ...own, position, ...(await readLag(store, position, head)) };
    const relayMoves = config.kafka === 'none' || state === 'active' || state === 'standby';
    const degraded = !relayMoves || rows.some((row) => row.state === 'paused');
    return { status: degraded ? 'degraded' : 'ready', head, relay, projections: rows };
  } catch {
    // The log cannot be read: that is the answer, and the pool has logged why.
    return { status: 'unready', head: null, relay: own, projections: [] };
  }
}

async function readSiteReadiness(
  db: Db,
  store: EventStore,
  { state, lastError }: MirrorState,
  { roles }: Config,
): Promise<Readiness> {
  const last = lastError !== undefined && { last_error: lastError };
  // What the projectors of the site do, another process knows.
  const own = { state: roles.includes('projector') ? state : 'elsewhere', ...last };
  try {
    const [head, progress, rows] = await Promise.all([
      store.head(),
      readMirrorProgress(db),
      listRunning(db),
    ]);
    const moves = own.state === 'reading' || own.state === 'elsewhere';
    const degraded = !moves || progress.held !== null || rows.some((row) => row.state === 'paused');
    const mirror = { ...own, ...progress };
    return { status: degraded ? 'degraded' : 'ready', head, mirror, projections: rows };
  } catch {
    // The log cannot be read: that is the answer, and the pool has logged why.
    return { status: 'unready', head: null, mirror: own, projections: [] };
  }
}

function listRunning(db: Db) {
  return db
    .selectFrom('projections')
    .select(['name', 'state', 'position', 'last_error'])
    .where('role', '=', 'live')
    .execute();
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
