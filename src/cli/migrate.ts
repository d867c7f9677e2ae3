/** `frontlog migrate`: bring the database at DATABASE_URL up to date. */
import { readConfig } from '../config.ts';
import { migrate, openDb, openPool } from '../db.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';

/** Says which migrations it applied; none where it was up to date. */
export async function runMigrate({ json }: { json?: boolean }): Promise<void> {
  const { databaseUrl, logLevel } = readConfig(process.env);
  if (databaseUrl === undefined) {
    throw new UsageError(
      'DATABASE_URL is absent: the embedded PostgreSQL is migrated at every start',
    );
  }
  const logger = makeLogger(logLevel);
  const pool = openPool(databaseUrl, (err) => logger.warn({ err }, 'connection lost'));
  const db = openDb(pool);
  try {
    const applied = await migrate(db);
    const text = applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`;
    process.stdout.write(`${json ? JSON.stringify({ applied }) : text}\n`);
  } finally {
    await db.destroy();
  }
}
