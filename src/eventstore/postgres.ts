/** The log in PostgreSQL. Its guarantees are kept by `migrations/0002_append.sql`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Db, isConnectionError, isUniqueViolation } from '../db.ts';
import { type AppendConnection, appendConnection } from './append-connection.ts';
import type { EncodedAppend } from './encode.ts';
import type { AppendResult, EventStore, NewEvent, RecordedEvent } from './event-store.ts';
import { groupCommit } from './group-commit.ts';

/** For how long a batch whose connection was lost is sent again. */
const resendMs = 5_000;
const resendDelayMs = 50;
const knownStreamsMax = 100_000;
const jsonOid = 114;

type Outcome = AppendResult['outcome'];
/** A statement, and how its only row answers the appends of the batch. */
type Statement = pg.QueryArrayConfig & {
  readonly resultsOf: (row: unknown[]) => AppendResult[];
};

export type PostgresParts = {
  /** For reading: the same connections, typed and as they are. */
  readonly db: Db;
  readonly pool: pg.Pool;
  /** Opens a pipelined connection for appends alone, so that no slow read keeps one waiting. */
  readonly connect: () => Promise<pg.Client>;
  /** Hears when an idle connection for appends was lost; the next append opens another. */
  readonly onError: (error: Error) => void;
};

/**
 * Several stores, in any number of processes, may share one database. Close it when all its appends
 * are answered.
 */
export function postgresEventStore({
  db,
  pool,
  connect,
  onError,
}: PostgresParts): EventStore & { close(): Promise<void> } {
  const connection = appendConnection(connect, onError);
  // Streams never end, so that one exists may be remembered for good.
  const known = new Set<string>();
  return {
    append: groupCommit((batch) => appendUntilAnswered(connection, batch)),

    close: connection.close,

    readStream: (stream) =>
      selectEvents(db).where('stream', '=', stream).orderBy('version').execute(),

    readLog: async (after, limit, bytesMax) => {
      // With a name it is prepared once per connection: planning is a part of each page's time.
      const values = [after, limit, bytesMax];
      const { rows } = await pool.query<RecordedEvent>({ name: 'read_log', text: readLog, values });
      return rows;
    },

    findEvent: (id) => selectEvents(db).where('id', '=', id).executeTakeFirst(),

    async findMissingStreams(streams) {
      const unsure = [...new Set(streams)].filter((stream) => !known.has(stream));
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

    async head() {
      const row = await db
        .selectFrom('events')
        .select('position')
        .orderBy('position', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row?.position ?? 0;
    },
  };
}

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

// Same batch, same ids: if the try before did commit, this one finds duplicates.
async function appendUntilAnswered(
  connection: AppendConnection,
  batch: readonly EncodedAppend[],
): Promise<AppendResult[]> {
  const deadline = performance.now() + resendMs;
  let statement = loneEvent(batch) ?? allOf(batch, expectsNone(batch));
  let isSure = false;
  for (let delayMs = resendDelayMs; ; delayMs *= 2) {
    try {
      const [row] = await connection.query(statement);
      return statement.resultsOf(row as unknown[]);
    } catch (error) {
      if (isConnectionError(error) && performance.now() + delayMs < deadline) {
        await sleep(delayMs);
      } else if (isUniqueViolation(error) && !isSure) {
        // What was taken for new was not: have it looked up.
        statement = allOf(batch, false);
        isSure = true;
      } else {
        throw error;
      }
    }
  }
}

function resultOf(outcome: Outcome, version: number, position: number | null): AppendResult {
  if (outcome === 'stored' || outcome === 'duplicate') {
    return { outcome, version, position: position as number };
  }
  return { outcome, currentVersion: version };
}

// A statement with a name is prepared once per connection.
function loneEvent(batch: readonly EncodedAppend[]): Statement | undefined {
  const [{ append, datas, metadatas, bytes }, second] = batch as [EncodedAppend, EncodedAppend?];
  const [event, next] = append.events as [NewEvent, NewEvent?];
  if (second !== undefined || next !== undefined) return undefined;
  return {
    name: 'append_event',
    rowMode: 'array',
    text: 'select * from append_event($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      append.stream,
      toInteger(append.expectedVersion),
      event.id,
      event.type,
      event.schema_version,
      datas[0],
      metadatas[0],
      bytes,
    ],
    resultsOf: (row) => [resultOf(...(row as [Outcome, number, number | null]))],
  };
}

function allOf(batch: readonly EncodedAppend[], allNew: boolean): Statement {
  const events = batch.flatMap(({ append }) => append.events);
  return {
    name: 'append_events',
    rowMode: 'array',
    text: 'select * from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
    values: [
      batch.map(({ append }) => append.stream),
      batch.map(({ append }) => toInteger(append.expectedVersion)),
      batch.map(({ append }) => append.events.length),
      batch.flatMap(({ append }, i) => append.events.map(() => i + 1)),
      batch.flatMap(({ append }) => append.events.map((_, k) => k + 1)),
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ schema_version }) => schema_version),
      jsonArray(batch.flatMap(({ datas }) => datas)),
      jsonArray(batch.flatMap(({ metadatas }) => metadatas)),
      runningSums(batch.flatMap(({ sizes }) => sizes)),
      allNew,
    ],
    resultsOf(row) {
      const [head, outcomes, versions, positions] = row as [
        number,
        Outcome[] | null,
        number[],
        (number | null)[],
      ];
      if (outcomes === null) return allStored(batch, head);
      return outcomes.map((outcome, i) =>
        resultOf(outcome, versions[i] as number, positions[i] as number | null),
      );
    },
  };
}

function expectsNone(batch: readonly EncodedAppend[]): boolean {
  return batch.every(({ append }) => append.expectedVersion === 0);
}

// In the plain case PostgreSQL need not say what follows from the batch itself.
function allStored(batch: readonly EncodedAppend[], head: number): AppendResult[] {
  let position = head;
  return batch.map(({ append: { expectedVersion, events } }) => {
    position += events.length;
    const version = (expectedVersion as number) + events.length;
    return { outcome: 'stored', version, position };
  });
}

function runningSums(sizes: readonly number[]): number[] {
  let through = 0;
  return sizes.map((size) => {
    through += size;
    return through;
  });
}

function toInteger(expectedVersion: number | 'any'): number {
  return expectedVersion === 'any' ? -1 : expectedVersion;
}

/**
 * JSON texts as PostgreSQL's binary format of `json[]`: dimensions, flags, element type, length,
 * lower bound, then each element behind its length. As text each quotation mark would be escaped.
 */
function jsonArray(texts: readonly string[]): Buffer {
  const bytes = texts.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), 20);
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const field of [1, 0, jsonOid, texts.length, 1]) at = buffer.writeInt32BE(field, at);
  for (const text of texts) {
    const length = buffer.write(text, at + 4);
    at = buffer.writeInt32BE(length, at) + length;
  }
  return buffer;
}
