/**
 * The composition root: the only file that connects part to part. Over 200 lines because of that.
 */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { connectOnce, type Db, migrate, openDb, openPool, readLogId } from './db.ts';
import type { EmbeddedServers } from './embedded/servers.ts';
import type { EventStore } from './eventstore/event-store.ts';
import { countLockWaiters } from './eventstore/postgres.ts';
import { lent, listenForAppends, manualWakeup } from './eventstore/wakeup.ts';
import type { Readiness } from './http/health.ts';
import type { RelayStatus } from './http/relay.ts';
import { httpServer } from './http/server.ts';
import { uploads } from './import/uploads.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { openStore, startEmbedded } from './log.ts';
import { signerOf } from './log-tree/note.ts';
import { runSealing, type SealParts } from './log-tree/seal.ts';
import { makeMetrics, measuredStore, type Snapshot } from './metrics.ts';
import { runDeadLetters } from './mirror/dead-letter-topic.ts';
import { type MirrorState, runMirror } from './mirror/mirror.ts';
import { readMirrorProgress, readSite, settleSite } from './mirror/site.ts';
import { openPipeline } from './pipeline.ts';
import { claims } from './projections/claims.ts';
import { prepareProjection } from './projections/generations.ts';
import { negotiations } from './projections/negotiations.ts';
import { operations } from './projections/operations.ts';
import type { Projection } from './projections/projection.ts';
import { runProjections } from './projections/projector.ts';
import { runRebuilds } from './projections/rebuild.ts';
import { registry } from './projections/registry.ts';
import { listConflictIds } from './projections/sides.ts';
import { listStatuses } from './projections/status.ts';
import { timeline } from './projections/timeline.ts';
import { readVintage } from './projections/vintage.ts';
import { warStatusOf, warStatusSources } from './projections/war-status.ts';
import { kafkaClient } from './relay/client.ts';
import { readLag, readTopicProgress } from './relay/lag.ts';
import { type RelayState, runRelay } from './relay/relay.ts';
import { replayDesk } from './relay/replay-desk.ts';
import { runReplays } from './relay/run-replays.ts';
import { readShownPosition } from './relay/shown.ts';
import { namesOf } from './relay/topics.ts';
import { runWarStatus, type WarStatusParts } from './relay/war-status.ts';

const kafkaWaitMs = 2_000;
const noBroker = 'KAFKA_BROKERS names no broker, and this process has not the role relay';

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
  readonly brokers: Promise<KafkaCluster | { unavailable: string }>;
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
  const listen = () => listenForAppends(databaseUrl, (err) => logger.warn({ err }, 'LISTEN lost'));
  // Who only answers requests follows the log while a stream is open, and need not be woken before.
  const follows = config.roles.some((role) => role !== 'api');
  const listening = follows ? listen() : undefined;
  open.push(async () => listening?.close());
  const wakeup = listening ?? manualWakeup();
  const openWakeup = listening === undefined ? listen : () => lent(listening);

  const stopping = new AbortController();
  const running: Promise<void>[] = [];
  open.push(async () => {
    stopping.abort();
    await Promise.all(running);
  });
  if (config.roles.includes('projector')) {
    const sealing = { db, wakeup, logger };
    if (config.feed === 'kafka') running.push(sealMirror(config, sealing, stopping.signal));
    else {
      const signer = await signerOf(config.signingKeyFile, await readLogId(db));
      running.push(runSealing({ ...sealing, signer }, stopping.signal));
    }
    const connect = () => openPipeline(databaseUrl);
    const parts = { db, store, wakeup, connect, logger };
    running.push(runProjections(projections, parts, stopping.signal));
    running.push(runRebuilds(projections, parts, stopping.signal));
  }
  const state: RelayState = { state: 'starting', position: 0 };
  const warStatusState: RelayState = { state: 'starting', position: 0 };
  const brokers = findBrokers(config, embedded);
  if (config.roles.includes('relay')) {
    const logId = await readLogId(db);
    const parts = { store, wakeup, logId, prefix: config.kafkaPrefix, logger, state };
    const connect = () => connectOnce(databaseUrl);
    const relaying = { ...parts, connect, db, readView: statusViewOf(db), warStatusState };
    running.push(relayWhenKafkaIsThere(config, brokers, relaying, stopping.signal));
  }

  const isReadSite = config.feed === 'kafka';
  const mirror: MirrorState = { state: 'starting' };
  if (isReadSite && config.roles.includes('projector')) {
    const kafka = kafkaClient(config.kafka as KafkaCluster, logger);
    const parts = { kafka, db, prefix: config.kafkaPrefix, logger, state: mirror };
    running.push(runMirror(parts, stopping.signal));
    running.push(runDeadLetters(parts, stopping.signal));
  }

  if (!config.roles.includes('api')) return { url: undefined, relay: state, brokers };
  const metrics = makeMetrics();
  const answering = openAnswering(databaseUrl, logger, metrics);
  open.push(answering.close);
  const readiness = isReadSite
    ? () => readSiteReadiness(answering, mirror, config)
    : () => readReadiness(answering, state, config);
  const { auth, requestsPerMinute } = config;
  const readSnapshot = () => snapshotOf(answering, state, config);
  const readRelay = () => readRelayStatus(answering, [state, warStatusState], config);
  const kafka = () => openKafka(brokers, logger);
  const replays = replayDesk({ ...answering, prefix: config.kafkaPrefix, kafka });
  // Imports take what time they need, and not what requests have.
  const importing = uploads({ db, store, dir: join(config.dataDir, 'imports'), logger });
  const app = await httpServer({
    ...{ db: answering.db, store: answering.store, readRelay, replays, isReadSite },
    uploads: importing,
    ...{ projections, readiness, openWakeup, auth, requestsPerMinute, logger },
    metrics: { metrics, readSnapshot, pool: answering.pool },
  });
  open.push(() => app.close());
  // First, so that no request is left waiting for what is stopped.
  open.push(importing.close);
  await app.listen({ host: config.host, port: config.port });
  return { url: urlOf(app.server.address() as AddressInfo), relay: state, brokers };
}

// Of its own, so that nobody who asks waits behind what the projector and the relay do, or for
// longer than PostgreSQL may take to answer.
function openAnswering(
  databaseUrl: string,
  logger: Logger,
  metrics: ReturnType<typeof makeMetrics>,
): LogParts & { close(): Promise<void> } {
  const onLost = (err: Error) => logger.warn({ err }, 'connection lost');
  const pool = openPool(databaseUrl, onLost, { isAwaited: true });
  const db = openDb(pool);
  const opened = openStore({ db, pool, databaseUrl }, logger, metrics.stored);
  const close = async () => {
    await opened.close();
    await db.destroy();
  };
  return { db, pool, store: measuredStore(opened, metrics), close };
}

// A mirror's log has its name from the first event on.
async function sealMirror(
  { signingKeyFile }: Config,
  parts: Omit<SealParts, 'signer'>,
  signal: AbortSignal,
): Promise<void> {
  const { db, wakeup, logger } = parts;
  while (!signal.aborted) {
    const { hints } = wakeup;
    try {
      const { log_id: logId } = await readSite(db);
      if (logId !== null) {
        const signer = await signerOf(signingKeyFile, logId);
        return await runSealing({ ...parts, signer }, signal);
      }
    } catch (err) {
      logger.error({ err }, 'sealing waits');
    }
    await wakeup.next(hints, signal);
  }
}

type RelayingParts = Omit<WarStatusParts, 'kafka' | 'store'> & {
  db: Db;
  store: EventStore;
  warStatusState: RelayState;
};

async function relayWhenKafkaIsThere(
  config: Config,
  brokers: Service['brokers'],
  parts: RelayingParts,
  signal: AbortSignal,
): Promise<void> {
  const { logger, state, warStatusState } = parts;
  const found = await brokers;
  if ('unavailable' in found) {
    for (const one of [state, warStatusState]) {
      one.state = 'waiting';
      one.lastError = found.unavailable;
    }
    logger.warn(`the relay waits: ${found.unavailable}`);
    return;
  }
  if (signal.aborted) return;
  const makesTopics = config.kafka === 'embedded';
  const kafka = kafkaClient(found, logger);
  await Promise.all([
    runRelay({ ...parts, makesTopics, kafka }, signal),
    runWarStatus({ ...parts, kafka, state: warStatusState }, signal),
    runReplays({ ...parts, kafka }, signal),
  ]);
}

/** A client, or why there is none now. */
async function openKafka(
  brokers: Service['brokers'],
  logger: Logger,
): Promise<Kafka | { unavailable: string }> {
  const starting = { unavailable: 'Kafka is still starting' };
  const found = await Promise.race([brokers, sleep(kafkaWaitMs, starting, { ref: false })]);
  return 'brokers' in found ? kafkaClient(found, logger) : found;
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

async function findBrokers(
  config: Config,
  embedded: EmbeddedServers | undefined,
): Promise<KafkaCluster | { unavailable: string }> {
  if (config.kafka === 'none') return { unavailable: 'KAFKA_BROKERS is none' };
  if (config.kafka !== 'embedded') return config.kafka;
  const found = await embedded?.kafka;
  if (found === undefined) return { unavailable: noBroker };
  return 'brokers' in found ? { brokers: [found.brokers] } : found;
}

type LogParts = { readonly db: Db; readonly pool: Pool; readonly store: EventStore };

async function readReadiness(
  parts: LogParts,
  { state, position: ownPosition, lastError }: RelayState,
  config: Config,
): Promise<Readiness> {
  const { db, store } = parts;
  const last = lastError !== undefined && { last_error: lastError };
  const own = { state: ownState(state, config), position: ownPosition, ...last };
  try {
    const [head, rows] = await Promise.all([store.head(), listRunning(db)]);
    const relay = { ...own, ...(await relayProgress(parts, ownPosition, head, config)) };
    const moves = ['active', 'standby', 'elsewhere'].includes(own.state);
    const relayMoves = config.kafka === 'none' || moves;
    const degraded = !relayMoves || rows.some((row) => row.state === 'paused');
    return { status: degraded ? 'degraded' : 'ready', head, relay, projections: rows };
  } catch {
    // The log cannot be read: that is the answer, and the pool has logged why.
    return { status: 'unready', head: null, relay: own, projections: [] };
  }
}

async function readSiteReadiness(
  { db, store }: LogParts,
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

// Of this release: tables of an older one's projections may still be there.
async function listRunning(db: Db): Promise<Readiness['projections']> {
  const statuses = await listStatuses(db, projections);
  return statuses.map(({ name, state, position, last_error }) => {
    return { name, state, position, last_error };
  });
}

// Throws where the log cannot be read.
async function snapshotOf(
  parts: LogParts,
  { state, position: ownPosition }: RelayState,
  config: Config,
): Promise<Snapshot> {
  const { db, store } = parts;
  const [head, statuses, waiting] = await Promise.all([
    store.head(),
    listStatuses(db, projections),
    countLockWaiters(db),
  ]);
  const own = { head, projections: statuses, lock_waiters: waiting };
  if (config.feed === 'kafka') {
    return { ...own, relay: null, mirror: await readMirrorProgress(db) };
  }
  const progress = await relayProgress(parts, ownPosition, head, config);
  return { ...own, relay: { state: ownState(state, config), ...progress }, mirror: null };
}

// Without the role, another process knows what the relay does.
function ownState(state: RelayState['state'], { roles }: Pick<Config, 'roles'>) {
  return roles.includes('relay') ? state : 'elsewhere';
}

async function readRelayStatus(
  { db, store }: LogParts,
  [events, warStatus]: readonly [RelayState, RelayState],
  config: Config,
): Promise<RelayStatus> {
  const head = await store.head();
  const one = async (topic: string, { state, lastError }: RelayState) => {
    const progress = await readTopicProgress(db, store, topic, head);
    return {
      topic,
      state: ownState(state, config),
      last_error: lastError ?? progress?.last_error ?? null,
      progress,
    };
  };
  const { eventsTopic, warStatusTopic } = namesOf(config.kafkaPrefix);
  return {
    events: await one(eventsTopic, events),
    war_status: await one(warStatusTopic, warStatus),
  };
}

// The relay of another process may be the active one: it shows how far it is.
async function relayProgress(
  { pool, store }: LogParts,
  ownPosition: number,
  head: number,
  { kafkaPrefix }: Config,
) {
  const shown = await readShownPosition(pool, namesOf(kafkaPrefix).eventsTopic);
  const position = Math.max(ownPosition, shown);
  return { position, ...(await readLag(store, position, head)) };
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
