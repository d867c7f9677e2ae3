/**
 * PostgreSQL: the pool, how its values read in JavaScript, its tables, and migrations.
 * Over 200 lines because every table that is not recomputed has its type here.
 */
import { readdir, readFile } from 'node:fs/promises';
import { type ColumnType, type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { ConnectionPool } from './connection-pool.ts';

export type EventsTable = {
  position: number;
  id: string;
  stream: string;
  version: number;
  type: string;
  schema_version: number;
  recorded_at: string;
  data: unknown;
  metadata: unknown;
  bytes_through: number;
};
export type ProjectionsTable = {
  name: string;
  version: number;
  generation: number;
  role: 'live' | 'building' | 'retired';
  state: Generated<'running' | 'paused'>;
  position: Generated<number>;
  /** Events a second. */
  rate: Generated<number>;
  events_per_second_max: number | null;
  not_before: Generated<string>;
  last_error: string | null;
  error_position: number | null;
  comparison: ColumnType<Comparison | null, string | null, string | null>;
  retired_at: string | null;
};
/** How a generation differed from the one whose place it took, as of a position that both knew. */
export type Comparison = {
  position: number;
  rows: number;
  differences: number;
  /** Null where nothing differs. */
  first: { table: string; key: string; since: number } | null;
};
export type IdempotentAnswersTable = {
  principal: string;
  key: string;
  request_sha256: string;
  answer: ColumnType<
    { stream: string; version: number; position: number; event_ids: string[] },
    string
  >;
};
export type ApiKeysTable = {
  id: string;
  name: string;
  key_sha256: Buffer;
  scopes: string[];
  created_at: Generated<string>;
  revoked_at: string | null;
};
export type DeadLettersTable = {
  id: Generated<number>;
  topic: string;
  partition: number;
  offset: number;
  /** Milliseconds since 1970, as the message has it. */
  sent_at: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: ColumnType<[name: string, value: string][], string>;
  reason: string;
  position: number | null;
  state: Generated<'open' | 'replayed' | 'dropped'>;
  published: Generated<boolean>;
  found_at: Generated<string>;
};
export type ReplaysTable = {
  id: string;
  topic: string;
  from_position: number;
  to_position: number;
  types: string[] | null;
  stream: string | null;
  state: Generated<'running' | 'done' | 'cancelled'>;
  position: number;
  published: Generated<number>;
  created_at: Generated<string>;
  /** Who goes on with it. */
  run_by: Generated<'command' | 'service'>;
  last_error: string | null;
};
export type ImportsTable = {
  id: string;
  format: string;
  file: string;
  sha256: string | null;
  encoding: string;
  conflict_id: string | null;
  published: string | null;
  full_percent_max: number | null;
  run_by: 'command' | 'service';
  /** Who sent the file. */
  principal: string | null;
  state: Generated<'running' | 'done' | 'stopped' | 'failed'>;
  error: string | null;
  report_id: string | null;
  /** Of the file, 0 to 1. */
  share_read: number | null;
  rows_read: Generated<number>;
  rows_recorded: Generated<number>;
  rows_known: Generated<number>;
  rows_rejected: Generated<number>;
  rejections_kept: Generated<number>;
  /** Events recorded, by type. */
  events: ColumnType<Record<string, number>, string | undefined, string>;
  entries_kept: Generated<string[]>;
  vanished: ColumnType<{ claims: number; refused?: string } | null, string | null, string | null>;
  started_at: Generated<string>;
  noted_at: Generated<string>;
  ended_at: string | null;
};
export type ImportRejectionsTable = { import_id: string; row: number; reasons: string[] };
export type LogTilesTable = { level: number; index: number; hashes: Buffer };
export type LogHeadTable = {
  size: number;
  root_hash: Buffer;
  signed_at: string;
  note: string;
  public_key: Buffer;
  only_row: Generated<true>;
};
export type Tables = {
  log_identity: { log_id: string | null; role: 'primary' | 'mirror'; site_id: string };
  events: EventsTable;
  projections: ProjectionsTable;
  idempotent_answers: IdempotentAnswersTable;
  api_keys: ApiKeysTable;
  dead_letters: DeadLettersTable;
  replays: ReplaysTable;
  imports: ImportsTable;
  import_rejections: ImportRejectionsTable;
  log_tiles: LogTilesTable;
  log_head: LogHeadTable;
  relay_topics: {
    topic: string;
    partitions: number;
    position: number;
    last_error: string | null;
    failed_at: string | null;
  };
};
export type Db = Kysely<Tables>;

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 30_000;
const lockTimeoutMs = 10_000;
const idleInTransactionTimeoutMs = 30_000;
const migrationLockWaitMs = 600_000;
const lockTimeoutCode = '55P03';
const answerTimeoutMs = 10_000;
/** How long an answer is awaited; the server's own come first where it lives, and say for what. */
export const answerTimeouts = {
  query_timeout: answerTimeoutMs,
  statement_timeout: answerTimeoutMs - 1_000,
  lock_timeout: answerTimeoutMs - 1_000,
};

const int8ArrayOid = 1016;
const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, parseSafeInteger],
  [int8ArrayOid, parseSafeIntegers],
  [pg.types.builtins.TIMESTAMPTZ, parseInstant],
  [pg.types.builtins.DATE, (text) => text],
]);

/** Connection settings shared by the pool and by dedicated connections. */
export function connectionOptions(databaseUrl: string): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: 'frontlog',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    // By estimates of a table that is new, statements would be compiled for longer than they run.
    options: '-c timezone=UTC -c jit=off',
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        parsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text')) as never,
    },
  };
}

/**
 * `onError` hears of connections that broke; queries report their own errors too. With `isAwaited`,
 * as where somebody waits for an answer over HTTP, a server that is there but does not answer a
 * statement is given up after `answerTimeoutMs`; else a statement may be given longer by itself.
 */
export function openPool(
  databaseUrl: string,
  onError: (error: Error) => void,
  { isAwaited = false } = {},
): pg.Pool {
  const pool = new ConnectionPool({
    ...connectionOptions(databaseUrl),
    ...(isAwaited
      ? answerTimeouts
      : { statement_timeout: statementTimeoutMs, lock_timeout: lockTimeoutMs }),
    // A process that froze inside a transaction must not hold its locks for ever.
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
  });
  pool.on('error', onError);
  // The pool listens to idle connections only: one that breaks in use, though its query reports it,
  // would end the process as an error that nobody hears.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** The typed way to the same pool; destroying it ends the pool. */
export function openDb(pool: pg.Pool): Db {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * One connection, outside the pool. A server that is there but does not answer a statement is given
 * up after `answerTimeoutMs`.
 */
export async function connectOnce(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...connectionOptions(databaseUrl),
    query_timeout: answerTimeouts.query_timeout,
    lock_timeout: answerTimeouts.lock_timeout,
  });
  await client.connect();
  return client;
}

/**
 * Brings the tables up to date. Safe to call from several processes at once: one does it, the
 * others wait. A failure changes nothing. Answers the names of those it applied.
 */
export function migrate(db: Db): Promise<readonly string[]> {
  return db.connection().execute(async (connection) => {
    // A large log takes longer to change than a statement may take otherwise.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      return await migrateWhenFree(connection);
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

// A lock that is held for long is waited for by turns, so that appends are let through between.
async function migrateWhenFree(db: Db): Promise<readonly string[]> {
  for (const deadline = performance.now() + migrationLockWaitMs; ; ) {
    const { error, results = [] } = await migrateAtOnce(db);
    if (error === undefined) return results.map(({ migrationName }) => migrationName);
    const isHeldUp = (error as { code?: string }).code === lockTimeoutCode;
    if (!isHeldUp || performance.now() > deadline) throw error;
  }
}

function migrateAtOnce(db: Db) {
  const folder = new URL('../migrations/', import.meta.url);
  const migrator = new Migrator({
    db,
    provider: {
      async getMigrations() {
        const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
        const steps = files.map(async (file) => {
          const text = await readFile(new URL(file, folder), 'utf8');
          const up = async (inner: Kysely<unknown>) => void (await sql.raw(text).execute(inner));
          return [file.replace(/\.sql$/, ''), { up }] as const;
        });
        return Object.fromEntries(await Promise.all(steps));
      },
    },
  });
  return migrator.migrateToLatest();
}

/** Whether a lost connection, rather than the statement, caused `error`: the outcome is unknown. */
export function isConnectionError(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  // SQLSTATE class 08 (connection), 57P01-03 (shutdown, crash, starting), 25P03 (idle too long in a
  // transaction); else the socket's codes.
  if (code !== undefined) return /^(08|57P0[123]$|25P03$|ECONN|EPIPE|ETIMEDOUT|ENOENT)/.test(code);
  return /connection terminated|timeout exceeded|timeout expired|query read timeout/i.test(
    message ?? '',
  );
}

/** Whether the same may well succeed later: PostgreSQL is away, out of room, or too busy. */
export function isTransientError(error: unknown): boolean {
  if (isConnectionError(error)) return true;
  // SQLSTATE class 53 (resources), 55P03 (lock timeout), 57014 (statement timeout), 40001 and 40P01
  // (serialization failure, deadlock).
  return /^(53|55P03$|57014$|40001$|40P01$)/.test((error as { code?: string }).code ?? '');
}

/** Whether a row was refused because another has the same key. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}

/** The log's own name, made by the first migration; a mirror has it from the first event on. */
export async function readLogId(db: Db): Promise<string> {
  const row = await db.selectFrom('log_identity').select('log_id').executeTakeFirstOrThrow();
  if (row.log_id === null) throw new Error('this mirror has no event yet, and so no log');
  return row.log_id;
}

/** Whether the log is a copy of another's, which may have gone on. */
export async function isMirror(db: Db): Promise<boolean> {
  const { role } = await db.selectFrom('log_identity').select('role').executeTakeFirstOrThrow();
  return role === 'mirror';
}

/** The last position of the log; 0 for an empty one. */
export async function readHead(db: Db): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select('position')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? 0;
}

// Positions and counts stay far below 2^53 (at 20,000 events a second for 14,000 years), so they
// can be plain numbers in JavaScript and in JSON.
function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} is beyond 2^53`);
  return value;
}

// The driver's own parser leaves the elements as text.
function parseSafeIntegers(text: string): (number | null)[] {
  const parse = pg.types.getTypeParser(int8ArrayOid as never, 'text');
  const elements: (string | null)[] = parse(text);
  return elements.map((element) => (element === null ? null : parseSafeInteger(element)));
}

/**
 * A moment as PostgreSQL writes it, by RFC 3339. The session's time zone is UTC; a JS Date would
 * drop the microseconds.
 */
export function parseInstant(text: string): string {
  const space = text.indexOf(' ');
  if (space < 0) return text;
  // Joined, not concatenated: that V8 would keep in pieces, and with them the text they are of.
  return [text.slice(0, space), text.slice(space + 1).replace('+00', 'Z')].join('T');
}
