/** Our store, and the two things it is held against in PostgreSQL itself: plain INSERT and COPY. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { connectionOptions, migrate, openDb, openPool } from '../src/db.ts';
import type { EventStore, NewEvent } from '../src/eventstore/event-store.ts';
import { postgresEventStore } from '../src/eventstore/postgres.ts';
import { subscribe } from '../src/eventstore/subscription.ts';
import { listenForAppends } from '../src/eventstore/wakeup.ts';
import { openPipeline } from '../src/pipeline.ts';
import { data, metadata } from './payload.ts';
import { peer } from './peers.ts';

export type Seen = (ids: readonly string[]) => void;

export type Contender = {
  /** Appends one event to a new stream. */
  append(): Promise<unknown>;
  /**
   * A reader that follows the log as it grows, as the contender means it; calls `seen` with the ids
   * of the events that came. Undefined where it offers none.
   */
  follow?: (seen: Seen, signal: AbortSignal) => Promise<void>;
  /** How many events it holds. */
  count(): Promise<number>;
  close(): Promise<void>;
};

const pageSize = 1_000;
const report = (error: unknown) => process.stderr.write(`# ${error}\n`);

export function newEvent(): NewEvent {
  const id = uuidv7();
  return { id, type: 'ClaimMade', schema_version: 1, data: { ...data, claim_id: id }, metadata };
}

/** This store, as the service wires it. */
export async function frontlog(url: string): Promise<Contender & { store: EventStore }> {
  const pool = openPool(url, report);
  const db = openDb(pool);
  await migrate(db);
  const store = postgresEventStore({
    db,
    pool,
    connect: () => openPipeline(url),
    onError: report,
  });
  return {
    store,
    append() {
      const event = newEvent();
      return store.append({ stream: `claim-${event.id}`, expectedVersion: 0, events: [event] });
    },
    async follow(seen, signal) {
      const wakeup = listenForAppends(url, report);
      const options = { after: 0, batchSizeMax: pageSize, batchBytesMax: 8e6 };
      for await (const events of subscribe(store, wakeup, { ...options, signal })) {
        seen(events.map(({ id }) => id));
      }
      await wakeup.close();
    },
    count: () => countOf(url, 'events'),
    async close() {
      await store.close();
      await db.destroy();
    },
  };
}

/** One INSERT per event into the same columns and indexes, the position from a sequence. */
export async function plainInsert(url: string, connections = 10): Promise<Contender> {
  const pool = new pg.Pool({ ...connectionOptions(url), max: connections });
  pool.on('error', report);
  await createTable(pool);
  return {
    append() {
      const id = uuidv7();
      return pool.query({
        name: 'plain',
        text: `insert into plain (id, stream, version, type, schema_version, recorded_at, data,
          metadata) values ($1, $2, 1, 'ClaimMade', 1, now(), $3, $4) returning position`,
        values: [id, `claim-${id}`, JSON.stringify(data), JSON.stringify(metadata)],
      });
    },
    follow: (seen, signal) =>
      followPositions(url, 'select position, id from plain where position > $1', seen, signal),
    count: () => countOf(url, 'plain'),
    close: () => pool.end(),
  };
}

/** COPY of `copyRows` rows a transaction into the log's own table: the limit. */
export async function copy(url: string, copyRows: number) {
  const { from } = await peer<{ from(sql: string): NodeJS.WritableStream & pg.Submittable }>(
    'pg-copy-streams',
  );
  const db = openDb(openPool(url, report));
  await migrate(db);
  await db.destroy();
  const client = new pg.Client(connectionOptions(url));
  await client.connect();
  let position = 0;
  let bytes = 0;
  function* lines(rows: number) {
    for (let row = 0; row < rows; row += 1) {
      const id = uuidv7();
      const json = [JSON.stringify(data), JSON.stringify(metadata)];
      position += 1;
      bytes += json.join('').length;
      const escaped = json.map((text) => text.replaceAll('\\', '\\\\'));
      const recorded = new Date().toISOString();
      const cells = [position, id, `claim-${id}`, 1, 'ClaimMade', 1, recorded, ...escaped, bytes];
      yield `${cells.join('\t')}\n`;
    }
  }
  /** Lines in chunks of the size of a socket's write. */
  function* chunks(rows: number) {
    let chunk = '';
    for (const line of lines(rows)) {
      chunk += line;
      if (chunk.length < 64 * 1024) continue;
      yield chunk;
      chunk = '';
    }
    yield chunk;
  }
  return {
    /** COPYs for `ms`, one transaction after the other; answers rows per second. */
    async run(ms: number): Promise<number> {
      const started = performance.now();
      let rows = 0;
      for (; performance.now() - started < ms; rows += copyRows) {
        await pipeline(
          Readable.from(chunks(copyRows)),
          client.query(from('copy events from stdin')),
        );
      }
      return Math.round((rows * 1_000) / (performance.now() - started));
    },
    checkpoint: () => client.query('checkpoint'),
    close: () => client.end(),
  };
}

/** Pages of positions and ids, as fast as they come, remembering only the last position. */
export async function followPositions(
  url: string,
  select: string,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  const client = new pg.Client(connectionOptions(url));
  await client.connect();
  let after = 0;
  while (!signal.aborted) {
    const { rows } = await client.query({
      name: 'follow',
      text: `${select} order by position limit ${pageSize}`,
      values: [after],
    });
    seen(rows.map(({ id }) => id));
    after = rows.at(-1)?.position ?? after;
  }
  await client.end();
}

export async function countOf(url: string, table: string): Promise<number> {
  const client = new pg.Client(connectionOptions(url));
  await client.connect();
  const { rows } = await client.query(`select count(*) as n from ${table}`);
  await client.end();
  return rows[0].n;
}

async function createTable(pool: pg.Pool) {
  await pool.query(`create table plain (
    position bigserial primary key, id uuid not null unique, stream text collate "C" not null,
    version integer not null, type text not null, schema_version smallint not null,
    recorded_at timestamptz not null, data json not null, metadata json not null,
    unique (stream, version))`);
}
