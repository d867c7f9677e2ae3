import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A signal and how long to wait for the end after it before the next, harsher one. */
export type StopStep = { readonly signal: NodeJS.Signals; readonly waitMs: number };

const POLL_INTERVAL_MS = 25;

/** Ports of 127.0.0.1 that were free a moment ago, all different: those of `wanted` that are. */
export async function freePorts(count: number, wanted: readonly number[] = []): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map((server, i) => listen(server, wanted[i] ?? 0).catch(() => listen(server, 0))),
    );
  } finally {
    for (const server of servers) server.close();
  }
}

/**
 * Ends every process whose command line contains `pattern`, whoever started it, and returns how
 * many there were. The command line is asked rather than a pid file because a pid may have been
 * given to another process since, and a pid file may not have been written yet. Throws if one
 * outlives the last step.
 */
export async function endProcesses(pattern: string, steps: readonly StopStep[]): Promise<number> {
  const found = await findProcesses(pattern);
  for (const { signal, waitMs } of steps) {
    for (const pid of await findProcesses(pattern)) sendSignal(pid, signal);
    const deadline = Date.now() + waitMs;
    while ((await findProcesses(pattern)).length > 0 && Date.now() < deadline) {
      await sleep(POLL_INTERVAL_MS);
    }
  }
  const left = await findProcesses(pattern);
  if (left.length > 0) throw new Error(`process ${left.join(', ')} (${pattern}) cannot be ended`);
  return found.length;
}

/**
 * The pids of the processes whose command line contains `pattern`. Ended processes nobody has
 * waited for are not among them: they have no command line any more, though `kill -0` finds them.
 */
export async function findProcesses(pattern: string): Promise<number[]> {
  const commands = await allCommands();
  return commands.filter(([, command]) => command.includes(pattern)).map(([pid]) => pid);
}

/** The command line of a process, arguments parted by blanks; empty if there is none. */
export async function commandOf(pid: number): Promise<string> {
  return (await allCommands()).find(([other]) => other === pid)?.[1] ?? '';
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** [pid, command line followed by a blank], own process excluded. */
async function allCommands(): Promise<[number, string][]> {
  const all = platform() === 'linux' ? await commandsFromProc() : await commandsFromPs();
  return all.filter(([pid]) => pid !== process.pid);
}

// Small container images have no `ps`.
async function commandsFromProc(): Promise<[number, string][]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return Promise.all(
    pids.map(async (pid): Promise<[number, string]> => {
      const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return [pid, raw.replaceAll('\0', ' ')];
    }),
  );
}

async function commandsFromPs(): Promise<[number, string][]> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,command='], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line): [number, string][] => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined ? [] : [[Number(pid), `${command} `]];
  });
}
