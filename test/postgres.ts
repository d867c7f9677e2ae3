/** A PostgreSQL of a test's own, which can be frozen, killed and started again where it was. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { embeddedServers } from '../src/embedded/servers.ts';

export type OwnPostgres = {
  readonly url: string;
  /** Kills the postmaster; its processes see that, and end. */
  kill(): Promise<void>;
  /** Stops every process of it, as they stand: connections stay, nothing answers. */
  freeze(): Promise<void>;
  /** Lets them go on. */
  thaw(): Promise<void>;
  stop(): Promise<void>;
};

export async function ownPostgres(dataDir: string): Promise<OwnPostgres> {
  const servers = await embeddedServers({
    dataDir,
    postgres: true,
    kafka: false,
    onProgress: () => undefined,
    onExit: () => undefined,
  });
  const postmaster = async () => {
    const file = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    return Number.parseInt(file, 10);
  };
  let isFrozen = false;
  const signal = async (name: 'SIGSTOP' | 'SIGCONT') => {
    // The postmaster first, so that none begins behind its back.
    const pid = await postmaster();
    process.kill(pid, name);
    isFrozen = name === 'SIGSTOP';
    for (const child of await childrenOf(pid)) signalIfThere(child, name);
  };
  return {
    url: (await servers.postgres) as string,
    kill: async () => void process.kill(await postmaster(), 'SIGKILL'),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      if (isFrozen) await signal('SIGCONT');
      await servers.stop();
    },
  };
}

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []));
}

// Once thawed, those whose client has gone end at once.
function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
