/**
 * The log, opened: the database that is asked for, or an embedded one, and the store on it. Apart
 * from the service, so that a command loads no more than it needs.
 */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { type Db, migrate, openDb, openPool } from './db.ts';
import { type EmbeddedServers, embeddedServers } from './embedded/servers.ts';
import { postgresEventStore } from './eventstore/postgres.ts';
import { openPipeline } from './pipeline.ts';

/** The database that `config` names, or the embedded one, brought up to date: for a command. */
export async function openDatabase(
  config: Config,
  logger: Logger,
): Promise<{ db: Db; pool: Pool; databaseUrl: string; close(): Promise<void> }> {
  const embedded = await startEmbedded({ ...config, kafka: 'none' }, logger);
  const databaseUrl = config.databaseUrl ?? ((await embedded?.postgres) as string);
  let isClosing = false;
  const pool = openPool(databaseUrl, (err) => {
    // What has been told to end may still be open when the embedded server goes.
    if (!isClosing) logger.warn({ err }, 'connection lost');
  });
  const db = openDb(pool);
  const close = async () => {
    isClosing = true;
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

/** The log, and the database that it is in, for a command. */
export async function openLog(config: Config, logger: Logger) {
  const { db, pool, databaseUrl, close } = await openDatabase(config, logger);
  const store = openStore({ db, pool, databaseUrl }, logger);
  return {
    ...{ db, pool, store, databaseUrl, logger },
    connect: (silenceMaxMs?: number) => openPipeline(databaseUrl, silenceMaxMs),
    async close() {
      await store.close();
      await close();
    },
  };
}

/** The store on a database, for appends with a connection of their own. */
export function openStore(
  { db, pool, databaseUrl }: { db: Db; pool: Pool; databaseUrl: string },
  logger: Logger,
  onBatch: (events: number, seconds: number) => void = () => {},
) {
  return postgresEventStore({
    db,
    pool,
    connect: () => openPipeline(databaseUrl),
    onError: (err) => logger.warn({ err }, 'connection for appends lost'),
    onBatch,
  });
}

/** The servers that `config` leaves to us; undefined where it names its own. */
export async function startEmbedded(
  config: Config,
  logger: Logger,
): Promise<EmbeddedServers | undefined> {
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
