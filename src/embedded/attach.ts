import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keeperSocketPath, listen, type Note, say, type Wish } from './protocol.ts';

type Keeper = { readonly process: ChildProcess; readonly logFile: string };

// Includes the time a keeper may take to stop the servers before a new one can start them.
const ATTACH_TIMEOUT_MS = 120_000;
const ATTACH_INTERVAL_MS = 40;
const LOG_TAIL_CHARS_MAX = 2_000;
const KEEPER = fileURLToPath(new URL('keeper.ts', import.meta.url));

/**
 * Connects to the keeper of a data directory (its real path), starting one if there is none, says
 * what is wanted, and calls `heard` with all that the keeper tells after its greeting. Two
 * processes that do so at once end up with one keeper, as only one can lock the directory. Throws,
 * quoting its log, when a keeper cannot start, or when none greets in time.
 */
export async function attach(
  dataDir: string,
  wish: Wish,
  heard: (note: Note) => void,
): Promise<Socket> {
  const path = await keeperSocketPath(dataDir);
  const late = AbortSignal.timeout(ATTACH_TIMEOUT_MS);
  let keeper: Keeper | undefined;
  while (!late.aborted) {
    const socket = await greet(path, wish, heard, late);
    if (socket !== undefined) return socket;
    // One that finds another in charge ends at once, without an error; then that one is to greet.
    if (keeper === undefined || keeper.process.exitCode === 0) keeper = await spawnKeeper(dataDir);
    if (hasFailed(keeper.process)) throw await keeperFailure(keeper);
    await sleep(ATTACH_INTERVAL_MS);
  }
  throw new Error(`the keeper of the embedded servers of ${dataDir} does not answer at ${path}`);
}

/** Connects and says what is wanted; undefined if there is no keeper or it is about to go. */
function greet(
  path: string,
  wish: Wish,
  heard: (note: Note) => void,
  late: AbortSignal,
): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const giveUp = () => socket.destroy();
    late.addEventListener('abort', giveUp);
    socket.once('connect', () => say(socket, wish));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') reject(error);
    });
    socket.once('close', () => {
      late.removeEventListener('abort', giveUp);
      resolve(undefined);
    });
    listen<Note>(socket, (note) => {
      if (note.type !== 'hello') return heard(note);
      late.removeEventListener('abort', giveUp);
      resolve(socket);
    });
  });
}

/** In a session of its own, so that a Ctrl-C reaches the service alone, which lets go when done. */
async function spawnKeeper(dataDir: string): Promise<Keeper> {
  const logFile = join(dataDir, 'keeper.log');
  const log = await open(logFile, 'a', 0o600);
  try {
    // What this process was told by NODE_OPTIONS (to wait for a debugger, say) is not for a second.
    const env = { ...process.env, NODE_OPTIONS: '' };
    const flags = ['--disable-warning=ExperimentalWarning', KEEPER, dataDir];
    const stdio = ['ignore', 'ignore', log.fd] as const;
    const child = spawn(process.execPath, flags, {
      detached: true,
      cwd: '/',
      env,
      stdio: [...stdio],
    });
    child.on('error', () => undefined);
    child.unref();
    return { process: child, logFile };
  } finally {
    await log.close();
  }
}

function hasFailed(child: ChildProcess): boolean {
  return child.pid === undefined || (child.exitCode ?? 0) !== 0 || child.signalCode !== null;
}

async function keeperFailure({ logFile }: Keeper): Promise<Error> {
  const log = await readFile(logFile, 'utf8');
  const tail = log.trimEnd().slice(-LOG_TAIL_CHARS_MAX);
  return new Error(`the keeper of the embedded servers failed; its log ${logFile} ends:
${tail}`);
}
