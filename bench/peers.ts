/** The peers: stores for PostgreSQL by others, from `bench/package.json`, used as they document it. */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { connectionOptions } from '../src/db.ts';
import { data, metadata } from './payload.ts';
import { type Contender, countOf, followPositions } from './stores.ts';

const require = createRequire(import.meta.url);

/** A module of `bench/package.json`, which is installed for the bench alone. */
export async function peer<Module>(name: string): Promise<Module> {
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default ?? module;
}

type Emmett = {
  getPostgreSQLEventStore(url: string): {
    appendToStream(stream: string, events: object[], options: object): Promise<unknown>;
    schema: { migrate(): Promise<unknown> };
    close(): Promise<void>;
  };
  readMessagesBatch(
    execute: unknown,
    options: { after: bigint; batchSize: number },
  ): Promise<{ currentGlobalPosition: bigint; messages: { metadata: { messageId: string } }[] }>;
};
type Dumbo = { dumbo(options: object): { execute: unknown; close(): Promise<void> } };

/** @event-driven-io/emmett-postgresql. */
export async function emmett(url: string): Promise<Contender> {
  const { getPostgreSQLEventStore, readMessagesBatch } = await peer<Emmett>(
    '@event-driven-io/emmett-postgresql',
  );
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  return {
    append: () =>
      store.appendToStream(`claim-${uuidv7()}`, [{ type: 'ClaimMade', data, metadata }], {
        expectedStreamVersion: 'STREAM_DOES_NOT_EXIST',
      }),
    async follow(seen, signal) {
      const { dumbo } = await peer<Dumbo>('@event-driven-io/dumbo');
      const pool = dumbo({ connectionString: url });
      for (let after = 0n; !signal.aborted; ) {
        const page = await readMessagesBatch(pool.execute, { after, batchSize: 1_000 });
        seen(page.messages.map(({ metadata }) => metadata.messageId));
        after = page.currentGlobalPosition;
      }
      await pool.close();
    },
    count: () => countOf(url, 'emt_messages'),
    close: () => store.close(),
  };
}

/** @eventide/message-db: its SQL functions, over node-postgres. */
export async function messageDb(url: string): Promise<Contender> {
  await installMessageDb(url);
  const pool = new pg.Pool({
    ...connectionOptions(url),
    options: '-c search_path=message_store,public',
  });
  return {
    append: () =>
      pool.query({
        name: 'write',
        text: 'select write_message($1, $2, $3, $4, $5, $6)',
        values: [uuidv7(), `claim-${uuidv7()}`, 'ClaimMade', ...json(), -1],
      }),
    follow: (seen, signal) =>
      followPositions(
        url,
        'select global_position as position, id from message_store.messages where global_position > $1',
        seen,
        signal,
      ),
    count: () => countOf(url, 'message_store.messages'),
    close: () => pool.end(),
  };
}

type Castore = {
  PostgresEventStorageAdapter: {
    new (options: object): { pushEvent(event: object, context: object): Promise<unknown> };
    createEventTable(options: object): Promise<unknown>;
  };
};

/** @castore/event-storage-adapter-postgres. It has no order over streams, and so no live reader. */
export async function castore(url: string): Promise<Contender> {
  const { PostgresEventStorageAdapter } = await peer<Castore>(
    '@castore/event-storage-adapter-postgres',
  );
  await PostgresEventStorageAdapter.createEventTable({ connectionString: url, tableName: 'event' });
  const adapter = new PostgresEventStorageAdapter({ connectionString: url, tableName: 'event' });
  return {
    append: () =>
      adapter.pushEvent(
        { aggregateId: uuidv7(), version: 1, type: 'ClaimMade', payload: data, metadata },
        { eventStoreId: 'claim' },
      ),
    count: () => countOf(url, 'event'),
    // Its client is private: its connections end with the process.
    close: async () => undefined,
  };
}

// In the order of its own install.sh.
async function installMessageDb(url: string): Promise<void> {
  const folder = join(dirname(require.resolve('@eventide/message-db/package.json')), 'database');
  const client = new pg.Client(connectionOptions(url));
  await client.connect();
  const run = async (file: string) => client.query(await readFile(join(folder, file), 'utf8'));
  for (const file of ['roles/message-store', 'schema/message-store', 'extensions/pgcrypto']) {
    await run(`${file}.sql`);
  }
  await client.query('set search_path to message_store, public');
  for (const file of ['tables/messages', 'types/message']) await run(`${file}.sql`);
  for (const part of ['functions', 'indexes', 'views']) {
    for (const file of await readdir(join(folder, part))) await run(join(part, file));
  }
  await client.end();
}

function json(): [string, string] {
  return [JSON.stringify(data), JSON.stringify(metadata)];
}
