/** The log in PostgreSQL. Its guarantees are kept by `migrations/0002_append.sql`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type pg from 'pg';
import { type Db, isConnectionError, isUniqueViolation, readHead } from '../db.ts';
import type { Pipeline } from '../pipeline.ts';
import { type AppendConnection, appendConnection } from './append-connection.ts';
import { statementFor, sureStatementFor } from './append-statement.ts';
import type { EncodedAppend } from './encode.ts';
import type { AppendResult, EventStore, RecordedEvent } from './event-store.ts';
import { groupCommit } from './group-commit.ts';

/** For how long a batch whose connection was lost is sent again. */
const resendMs = 5_000;
const resendDelayMs = 50;
const knownStreamsMax = 100_000;

export type PostgresParts = {
  /** For reading: the same connections, typed and as they are. */
  readonly db: Db;
  readonly pool: pg.Pool;
  /** Opens a pipelined connection for appends alone, so that no slow read keeps one waiting. */
  readonly connect: () => Promise<Pipeline>;
  /** Hears when an idle connection for appends was lost; the next append opens another. */
  readonly onError: (error: Error) => void;
  /** Hears of each batch that was answered. */
  readonly onBatch?: (events: number, seconds: number) => void;
};

/**
 * Several stores, in any number of processes, may share one database. Closing it waits for the
 * appends under way.
 */
export function postgresEventStore({
  db,
  pool,
  connect,
  onError,
  onBatch = () => {},
}: PostgresParts): EventStore & { close(): Promise<void> } {
  const connection = appendConnection(connect, onError);
  // Streams never end, so that one exists may be remembered for good.
  const known = new Set<string>();
  const { append, drain } = groupCommit(async (batch) => {
    const started = performance.now();
    const results = await appendUntilAnswered(connection, batch);
    const events = batch.reduce((sum, { append }) => sum + append.events.length, 0);
    onBatch(events, (performance.now() - started) / 1_000);
    return results;
  });
  return {
    append,

    async close() {
      await drain();
      await connection.close();
    },

    readStream: (stream) =>
      selectEvents(db).where('stream', '=', stream).orderBy('version').execute(),

    readStreams: (streams) => selectStreams(db, streams),

    readLog: async (after, limit, bytesMax) => {
      // With a name it is prepared once per connection: planning is a part of each page's time.
      const values = [after, limit, bytesMax];
      const { rows } = await pool.query<RecordedEvent>({ name: 'read_log', text: readLog, values });
      return rows;
    },

    findEvent: (id) => selectEvents(db).where('id', '=', id).executeTakeFirst(),

    findEvents: (ids) => selectIds(db, ids),

    knowsStreams: (streams) => streams.every((stream) => known.has(stream)),
    async findMissingStreams(streams) {
      const unsure = [...new Set(streams.filter((stream) => !known.has(stream)))];
      if (unsure.length === 0) return [];
      const rows = await db
        .selectFrom('events')
        .select('stream')
        .where('stream', 'in', unsure)
        .where('version', '=', 1)
        .execute();
      if (known.size > knownStreamsMax) known.clear();
      for (const row of rows) known.add(row.stream);
      return unsure.filter((stream) => !known.has(stream));
    },

    async listStreams(prefix, after, limit) {
      const rows = await db
        .selectFrom('events')
        .select('stream')
        .where('version', '=', 1)
        .where('stream', '>', after)
        .where('stream', '>=', prefix)
        // Names are ordered by their bytes (collation C): after this none begins so.
        .where('stream', '<', `${prefix}\u{10ffff}`)
        .orderBy('stream')
        .limit(limit)
        .execute();
      return rows.map(({ stream }) => stream);
    },

    head: () => readHead(db),
  };
}

/** How many batches, of any process, wait for the lock under which the log is appended to. */
export async function countLockWaiters(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = ${lockId}
      and database = (select oid from pg_database where datname = current_database())`.execute(db);
  return rows[0]?.count ?? 0;
}

// As the append function has it.
const lockId = 7_205_880;

const eventColumns = [
  'position',
  'id',
  'stream',
  'version',
  'type',
  'schema_version',
  'recorded_at',
  'data',
  'metadata',
] as const;

const readLog = `
  select ${eventColumns.join(', ')} from events
  where position > $1::bigint and (position = $1::bigint + 1 or bytes_through <= $3::bigint
    + coalesce((select bytes_through from events where position = $1::bigint), 0))
  order by position limit $2::integer`;

function selectEvents(db: Db) {
  return db.selectFrom('events').select(eventColumns).$castTo<RecordedEvent>();
}

// Stream by stream, which `offset 0` sees to: of a table without statistics, as a new one is, the
// planner takes 500 streams for all there are, and read the whole log for each chunk of an import.
async function selectStreams(db: Db, streams: readonly string[]): Promise<RecordedEvent[]> {
  if (streams.length === 0) return [];
  const names = sql`unnest(${[...streams]}::text[])`;
  const asked = sql<{ stream: string }>`(select distinct ${names} as stream)`;
  return db
    .selectFrom(asked.as('asked'))
    .innerJoinLateral(
      (one) =>
        one
          .selectFrom('events')
          .select(eventColumns)
          .whereRef('events.stream', '=', 'asked.stream')
          .offset(0)
          .as('found'),
      (join) => join.onTrue(),
    )
    .selectAll('found')
    .orderBy('found.position')
    .$castTo<RecordedEvent>()
    .execute();
}

// As an array: one parameter, however many there are.
async function selectIds(db: Db, ids: readonly string[]): Promise<RecordedEvent[]> {
  if (ids.length === 0) return [];
  return selectEvents(db)
    .where('id', '=', sql<string>`any (${[...ids]}::uuid[])`)
    .orderBy('position')
    .execute();
}

// Same batch, same ids: if the try before did commit, this one finds duplicates.
async function appendUntilAnswered(
  connection: AppendConnection,
  batch: readonly EncodedAppend[],
): Promise<AppendResult[]> {
  const deadline = performance.now() + resendMs;
  let statement = statementFor(batch);
  let isSure = false;
  for (let delayMs = resendDelayMs; ; delayMs *= 2) {
    try {
      const [row] = await connection.run(statement);
      return statement.resultsOf(row as unknown[]);
    } catch (error) {
      if (isConnectionError(error) && performance.now() + delayMs < deadline) {
        await sleep(delayMs);
      } else if (isUniqueViolation(error) && !isSure) {
        // What was taken for new was not: have it looked up.
        statement = sureStatementFor(batch);
        isSure = true;
      } else {
        throw error;
      }
    }
  }
}
