/** A database of its own for each test, cloned from the migrated template. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type pg from 'pg';
import { type Db, openDb, openPool } from '../src/db.ts';
import type { EventStore } from '../src/eventstore/event-store.ts';
import { postgresEventStore } from '../src/eventstore/postgres.ts';
import { openPipeline } from '../src/pipeline.ts';

export const templateDatabase = 'test_template';

/** What tests ask of tap. */
export type Test = { teardown(fn: () => Promise<unknown>): void };

export type TestDatabase = { readonly url: string; readonly pool: pg.Pool; readonly db: Db };

/**
 * A fresh, migrated database that is gone after the test; or a copy of the database named `template`,
 * as it is, which nobody may be connected to meanwhile.
 */
export async function freshDatabase(t: Test, template = templateDatabase): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (server === undefined) throw new Error('run the tests with `npm test`');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = openDb(openPool(server, report));
  await sql`create database ${sql.id(name)} template ${sql.id(template)}`.execute(admin);
  const url = new URL(server);
  url.pathname = name;
  const pool = openPool(url.href, report);
  const db = openDb(pool);
  t.teardown(async () => {
    await db.destroy();
    await sql`drop database ${sql.id(name)} with (force)`.execute(admin);
    await admin.destroy();
  });
  return { url: url.href, pool, db };
}

/** The real store on a database, which may be shared; closed after the test. */
export function openStore(t: Test, { url, pool, db }: TestDatabase): EventStore {
  const connect = () => openPipeline(url);
  const store = postgresEventStore({ db, pool, connect, onError: report });
  t.teardown(() => store.close());
  return store;
}

/** The real store on a fresh database. */
export async function freshStore(t: Test): Promise<TestDatabase & { store: EventStore }> {
  const database = await freshDatabase(t);
  return { ...database, store: openStore(t, database) };
}

/** Until somebody in the database waits for a lock: no time is guessed. */
export async function blocked(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    if ((rows[0]?.n ?? 0) > 0) return;
  }
}

function report(error: Error): void {
  // What is still open when the database is dropped is ended by that: SQLSTATE 57P01.
  if ((error as { code?: string }).code === '57P01') return;
  process.stderr.write(`# ${error.message}\n`);
}
