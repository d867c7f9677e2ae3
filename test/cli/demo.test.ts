import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

type Demo = { text: string; code: number | null };

// On PostgreSQL and Kafka of its own, as a user runs it; the second run starts on the first one's
// data.
t.test('the demo records the seed report once, prints it, and stays up', async (t) => {
  // Where any user can reach it: PostgreSQL does not run as root.
  const dataDir = join(await mkdtemp(join(tmpdir(), 'frontlog-')), randomUUID());
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const first = await demo({ DATA_DIR: dataDir, KAFKA_BROKERS: 'none' });
  t.match(first.text, /Russia towards Ukraine: no prospect \(Dmitry Peskov/);
  t.match(first.text, /killed: more than 300, says Russian Ministry of Defence \[AFP could not/);
  t.match(first.text, /Russia from Kharkiv Oblast, 2022-09-10: to regroup/);
  t.match(first.text, /31 events recorded, 0 commands were already on record/);
  t.match(first.text, /the relay waits: KAFKA_BROKERS is none/);
  t.equal(first.code, 0, 'a signal ends it in order');
  const second = await demo({ DATA_DIR: dataDir, KAFKA_BROKERS: 'none' });
  t.match(second.text, /0 events recorded, 31 commands were already on record/);
  t.ok(existsSync(dataDir));
});

t.test('without Java and Maven it works all the same and says that the relay waits', async (t) => {
  const dataDir = join(await mkdtemp(join(tmpdir(), 'frontlog-')), randomUUID());
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const PATH = await pathWithout(/^(java|javac|mvn)$/);
  t.teardown(() => rm(PATH, { recursive: true, force: true }));
  const { text, code } = await demo({ DATA_DIR: dataDir, PATH });
  t.match(text, /31 events recorded/);
  t.match(text, /the relay waits: .*[Jj]ava/);
  t.equal(code, 0);
});

/** A folder with every program of the system but those. */
async function pathWithout(programs: RegExp): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frontlog-path-'));
  const linked = new Set<string>();
  for (const bin of ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].filter(existsSync)) {
    for (const name of await readdir(bin)) {
      if (programs.test(name) || linked.has(name)) continue;
      linked.add(name);
      await symlink(join(bin, name), join(folder, name));
    }
  }
  return folder;
}

/** Runs the demo until it says that it stays up, then ends it as Ctrl-C does. */
async function demo(environment: Record<string, string>): Promise<Demo> {
  const child = spawn(process.execPath, ['src/main.ts', 'demo'], {
    env: { ...process.env, PORT: '0', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const hear = (chunk: Buffer) => {
    const before = text.includes('stays up');
    text += chunk;
    // Once: a second Ctrl-C would end it at once.
    if (!before && text.includes('stays up')) child.kill('SIGINT');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const [code] = await once(child, 'exit');
  return { text, code };
}
