/** `frontlog migrate`: bring the database at DATABASE_URL up to date. */
import { readConfig } from '../config.ts';
import { migrate, openDb, openPool } from '../db.ts';
import { makeLogger } from './logger.ts';

export async function runMigrate(): Promise<void> {
  const { databaseUrl, logLevel } = readConfig(process.env);
  if (databaseUrl === undefined) {
    throw new Error('DATABASE_URL is absent: the embedded PostgreSQL is migrated at every start');
  }
  const logger = makeLogger(logLevel);
  const pool = openPool(databaseUrl, (err) => logger.warn({ err }, 'connection lost'));
  const db = openDb(pool);
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}
