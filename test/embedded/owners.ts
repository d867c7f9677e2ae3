import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Test } from 'tap';
import { endProcesses, findProcesses } from '../../src/embedded/processes.ts';
import type { EmbeddedKafka } from '../../src/embedded/servers.ts';

export type OwnerOptions = {
  readonly dataDir: string;
  readonly postgres: boolean;
  readonly kafka: boolean;
  readonly kafkaLibs?: string;
};

/** What an owner prints, a line each. */
export type Report = {
  readonly attached?: true;
  readonly progress?: string;
  readonly postgres?: string;
  readonly failed?: string;
  readonly kafka?: EmbeddedKafka;
  readonly exited?: string;
  readonly detail?: string;
  readonly stopped?: true;
};

export type Owner = {
  readonly process: ChildProcess;
  readonly reports: readonly Report[];
  /** The first report, past or to come, that has this property. Throws when it takes too long. */
  expect<Key extends keyof Report>(key: Key): Promise<NonNullable<Report[Key]>>;
  stop(): Promise<void>;
};

// A server may take 60 seconds to stop orderly, and then some to be ended harshly.
const EXPECT_TIMEOUT_MS = 90_000;
const OWNER = fileURLToPath(new URL('owner.ts', import.meta.url));

/** Kafka's jars, fetched once for all tests. `npm ci` does away with them. */
export const KAFKA_LIBS = fileURLToPath(
  new URL('../../node_modules/.cache/frontlog-kafka-libs', import.meta.url),
);

/** A data directory of the test's own, removed at its end, when nothing may be running there. */
export async function testDataDir(t: Test, mode = 0o755): Promise<string> {
  const directory = await mkdtemp(join(realpathSync('/tmp'), 'frontlog-test-'));
  await chmod(directory, mode);
  t.teardown(async () => {
    await endProcesses(directory, [{ signal: 'SIGKILL', waitMs: 10_000 }]);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  return directory;
}

/** Starts a process that holds servers; it is killed when the test ends. */
export function startOwner(t: Test, options: OwnerOptions, spawning: SpawnOptions = {}): Owner {
  // Without tap's hooks, which write where another user may not; tap adds them to every spawn.
  const bare = ['-u', 'NODE_OPTIONS', process.execPath, OWNER, JSON.stringify(options)];
  const child = spawn('/usr/bin/env', bare, {
    ...spawning,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const reports: Report[] = [];
  if (child.stdout === null) throw new Error('no output to read');
  createInterface({ input: child.stdout }).on('line', (line) => reports.push(JSON.parse(line)));
  const owner: Owner = {
    process: child,
    reports,
    expect: async (key) => {
      const find = () => reports.find((report) => report[key] !== undefined)?.[key];
      await until(`the owner's "${key}"`, () => find() !== undefined);
      return find() as NonNullable<Report[typeof key]>;
    },
    stop: async () => {
      child.stdin?.write('stop\n');
      await owner.expect('stopped');
    },
  };
  return owner;
}

/** Resolves when no process names the directory in its command line any more. */
export async function allGone(dataDir: string): Promise<void> {
  await until(`the end of all in ${dataDir}`, async () => {
    return (await findProcesses(dataDir)).length === 0;
  });
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + EXPECT_TIMEOUT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

/** Runs one statement on a connection of its own and returns the first column of its rows. */
export async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows.map((row: unknown[]) => row[0]);
  } finally {
    await client.end();
  }
}
