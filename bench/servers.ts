/** Servers that are measured, each a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Server = { url: string; process: ChildProcess };

/** Starts a server that prints its address, and answers when it has. */
export async function serve(argv: string[], environment: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, argv, {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A measurement that fails leaves nothing behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url === undefined) continue;
    child.stdout?.resume();
    return { url, process: child };
  }
  throw new Error(`${argv.join(' ')} ended before it served`);
}

// Asked for once: of who is kept to some cores there are no others.
const coreCount = availableParallelism();
/** Where what is measured runs alone: by their numbers, as `taskset` takes them. */
export const measuredCore = '0';
export const otherCores = `1-${coreCount - 1}`;

/** Keeps a process, all its threads and who it starts later, to these cores, where that is possible. */
export function keepTo(cores: string, pid: number): void {
  if (coreCount < 2) return;
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)]);
}
