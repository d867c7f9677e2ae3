// The process that owns the servers of one data directory: `node keeper.ts DATA_DIR`, started by
// servers.ts. It lives as long as any client is connected, so it outlives none of them: the kernel
// closes the connection of a process however that process ends.
import { fstatSync, ftruncateSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import {
  keeperSocketPath,
  listen,
  type Note,
  type ServerName,
  say,
  type Wish,
} from './protocol.ts';
import type { RunningServer, StartContext } from './server-process.ts';

// Long enough for a predecessor that has removed its socket to be gone.
const LOCK_TIMEOUT_MS = 200;
const FIRST_CLIENT_TIMEOUT_MS = 3_000;
const LOG_MAX_BYTES = 1024 * 1024;
const SQLITE_BUSY = 5;
// One that ends more often than this would go on to do so.
const RESTARTS_MAX = 3;
const RESTARTS_WITHIN_MS = 60_000;

type Keeper = {
  readonly dataDir: string;
  readonly socketPath: string;
  /** All that are connected, each with the servers it has asked for. */
  readonly clients: Map<Socket, Set<ServerName>>;
  /** Those starting or running. */
  readonly servers: Map<ServerName, Promise<RunningServer>>;
  /** When each has ended by itself of late. */
  readonly endedAt: Map<ServerName, readonly number[]>;
  /** Aborted when the last client has gone: no way back from there. */
  readonly leaving: AbortController;
};

await keep(process.argv[2] ?? '');

async function keep(dataDir: string): Promise<void> {
  const lock = lockDataDir(dataDir);
  if (lock === undefined) return;
  // Held as long as this process lives: from here on nobody else starts servers here.
  if (fstatSync(2).size > LOG_MAX_BYTES) ftruncateSync(2, 0);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Sent to a whole group of processes it must not take the servers from clients that drain.
    process.on(signal, () => undefined);
  }
  const socketPath = await keeperSocketPath(dataDir);
  const keeper: Keeper = {
    dataDir,
    socketPath,
    clients: new Map(),
    servers: new Map(),
    endedAt: new Map(),
    leaving: new AbortController(),
  };
  // A socket file found here was left by a keeper that was killed.
  rmSync(socketPath, { force: true });
  createServer({ allowHalfOpen: true }, (socket) => welcome(keeper, socket)).listen(socketPath);
  setTimeout(() => {
    if (keeper.clients.size === 0) leave(keeper);
  }, FIRST_CLIENT_TIMEOUT_MS).unref();
  process.once('uncaughtException', (error) => {
    writeSync(2, `${error.stack}\n`);
    leave(keeper);
  });
  // The reference matters: a lock that is garbage collected is open.
  process.once('exit', () => lock.close());
}

/**
 * SQLite because its lock is the kernel's, gone with the process however that ends; Node has no
 * other. Undefined when another keeper has it.
 */
function lockDataDir(dataDir: string): DatabaseSync | undefined {
  try {
    const lock = new DatabaseSync(join(dataDir, 'keeper.lock'), { timeout: LOCK_TIMEOUT_MS });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

function welcome(keeper: Keeper, socket: Socket): void {
  // One that comes while the servers stop gets no answer; its connection ends with this process.
  socket.on('error', () => undefined);
  if (keeper.leaving.signal.aborted) return;
  const wanted = new Set<ServerName>();
  keeper.clients.set(socket, wanted);
  listen<Wish>(socket, (wish) => {
    say(socket, { type: 'hello' });
    for (const server of wish.servers) {
      wanted.add(server);
      serve(keeper, socket, server, wish);
    }
  });
  socket.once('end', () => letGo(keeper, socket));
  socket.once('close', () => letGo(keeper, socket));
}

function letGo(keeper: Keeper, socket: Socket): void {
  if (!keeper.clients.delete(socket)) return;
  // The last one's connection stays half open until the servers have stopped, so that it knows.
  if (keeper.clients.size === 0) leave(keeper);
  else socket.end();
}

function serve(keeper: Keeper, socket: Socket, server: ServerName, wish: Wish): void {
  const starting = keeper.servers.get(server) ?? start(keeper, server, wish);
  starting.then(
    ({ at }) => say(socket, { type: 'ready', server, at }),
    (error: Error) => say(socket, { type: 'unavailable', server, reason: error.message }),
  );
}

function start(
  keeper: Keeper,
  server: ServerName,
  wish: Wish,
  lastAt?: string,
): Promise<RunningServer> {
  const context: StartContext = {
    dataDir: keeper.dataDir,
    signal: keeper.leaving.signal,
    onProgress: (message) => tell(keeper, server, { type: 'progress', message }),
    ...(lastAt !== undefined && { lastAt }),
  };
  const starting =
    server === 'postgres' ? startPostgres(context) : startKafka(context, wish.kafkaLibs);
  keeper.servers.set(server, starting);
  // One that fails to start is tried again only for a client that asks from now on.
  starting.then(
    async ({ at, exited }) => {
      const detail = await exited;
      if (keeper.leaving.signal.aborted) return;
      keeper.servers.delete(server);
      if (!mayRestart(keeper, server)) {
        const tooOften = `${detail}\nit has ended too often in a minute: it is not started again`;
        tell(keeper, server, { type: 'exited', server, detail: tooOften });
        return;
      }
      tell(keeper, server, { type: 'exited', server, detail: `${detail}\nit is started again` });
      restart(keeper, server, wish, at);
    },
    () => keeper.servers.delete(server),
  );
  return starting;
}

// Where it was: the processes that hold it look for it there, and there alone.
function restart(keeper: Keeper, server: ServerName, wish: Wish, lastAt: string): void {
  start(keeper, server, wish, lastAt).then(
    ({ at }) => {
      tell(keeper, server, { type: 'ready', server, at });
      if (at === lastAt) return;
      const message = `embedded ${server} is elsewhere now: restart the processes that use it`;
      tell(keeper, server, { type: 'progress', message });
    },
    ({ message }: Error) => {
      if (keeper.leaving.signal.aborted) return;
      const text = `embedded ${server} could not be started again: ${message}`;
      tell(keeper, server, { type: 'progress', message: text });
    },
  );
}

function mayRestart({ endedAt }: Keeper, server: ServerName): boolean {
  const now = performance.now();
  const recent = (endedAt.get(server) ?? []).filter((at) => now - at < RESTARTS_WITHIN_MS);
  endedAt.set(server, [...recent, now]);
  return recent.length < RESTARTS_MAX;
}

function tell(keeper: Keeper, server: ServerName, note: Note): void {
  for (const [socket, wanted] of keeper.clients) {
    if (wanted.has(server)) say(socket, note);
  }
}

async function leave(keeper: Keeper): Promise<void> {
  if (keeper.leaving.signal.aborted) return;
  const servers = [...keeper.servers.values()];
  keeper.leaving.abort();
  await Promise.allSettled(servers.map(async (starting) => (await starting).stop()));
  // The path goes before the lock does: whoever finds nobody here starts a keeper of its own.
  rmSync(keeper.socketPath, { force: true });
  process.exit(0);
}
