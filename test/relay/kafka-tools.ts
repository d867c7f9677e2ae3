/** Kafka's own command line, from Maven: clients that are not ours. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const fetchTimeoutMs = 300_000;
const outputBytesMax = 256 * 1024 * 1024;

/** Whether Java programs can be compiled here. */
export const hasCompiler = spawnSync('javac', ['-version']).status === 0;

/** The class path of the command line; fetched once, to `directory`. */
export async function kafkaTools(directory = '.frontlog-test/kafka/tools'): Promise<string> {
  const target = resolve(directory);
  if (!existsSync(target)) {
    const staging = `${target}.new-${process.pid}`;
    await mkdir(staging, { recursive: true });
    const args = ['-q', '-B', '-f', join(import.meta.dirname, 'pom.xml')];
    args.push('dependency:copy-dependencies', '-DincludeScope=runtime');
    await run('mvn', [...args, `-DoutputDirectory=${staging}`], { timeout: fetchTimeoutMs });
    // Another test may have been faster.
    await rename(staging, target).catch(() => rm(staging, { recursive: true, force: true }));
  }
  return join(target, '*');
}

/** What a Java program says on stdout. */
export async function java(classPath: string, args: readonly string[]): Promise<string> {
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const options = { maxBuffer: outputBytesMax, timeout: 60_000 };
  const { stdout } = await run('java', [...flags, '-cp', classPath, ...args], options);
  return stdout;
}
