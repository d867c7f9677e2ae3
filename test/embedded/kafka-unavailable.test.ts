import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { query, startOwner, testDataDir } from './owners.ts';

type Programs = Record<string, string>;

const JAVA_11 = 'echo \'openjdk version "11.0.2" 2019-01-15\' >&2';
const JAVA_17 = 'echo \'openjdk version "17.0.15" 2025-04-15\' >&2';
const OFFLINE_MAVEN = 'echo "[ERROR] Could not transfer artifact: Unknown host" && exit 1';

const cases: [string, Programs, RegExp][] = [
  ['without Java', {}, /no Java runtime.*install a Java 17 runtime/],
  ['with a Java that is too old', { java: JAVA_11 }, /"11\.0\.2".*install a Java 17 runtime/],
  ['without Maven', { java: JAVA_17 }, /Maven.*install it/],
  ['with Maven offline', { java: JAVA_17, mvn: OFFLINE_MAVEN }, /offline.*Unknown host/s],
];

for (const [what, programs, reason] of cases) {
  test(`${what} PostgreSQL starts all the same, and the reason is told`, async (t) => {
    const dataDir = await testDataDir(t);
    const path = await pathOf(t, programs);
    const env = { ...process.env, PATH: path };
    const owner = startOwner(t, { dataDir, postgres: true, kafka: true }, { env });
    t.match(await owner.expect('kafka'), { unavailable: reason });
    t.strictSame(await query(await owner.expect('postgres'), 'select 1'), [1]);
    await owner.stop();
  });
}

/** A PATH with what PostgreSQL's start as root needs, the programs given, and nothing else. */
async function pathOf(t: Test, programs: Programs): Promise<string> {
  const directory = join(await testDataDir(t), 'bin');
  await mkdir(directory);
  for (const name of ['id', 'useradd']) {
    const found = execFileSync('/bin/sh', ['-c', `command -v ${name} || true`]);
    await symlink(found.toString().trim() || '/nowhere', join(directory, name));
  }
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(directory, name), 0o755);
  }
  return directory;
}
