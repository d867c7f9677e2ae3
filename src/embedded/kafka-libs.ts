import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.ts';
import { type StartContext, seconds } from './server-process.ts';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const FETCH_TIMEOUT_MS = 300_000;
const JAVA_VERSION_MIN = 17;

/** Throws, saying what to install, unless `java` on the PATH is new enough for Kafka. */
export async function checkJava(signal: AbortSignal): Promise<void> {
  const hint = `install a Java ${JAVA_VERSION_MIN} runtime (and Maven) or set KAFKA_BROKERS`;
  const command = { file: 'java', args: ['-version'], options: {} };
  const output = await runCommand(command, signal).catch((error: Error) => {
    throw new Error(`no Java runtime could be run (${firstLine(error.message)}): ${hint}`);
  });
  const version = Number(/version "(?:1\.)?(\d+)/.exec(output)?.[1] ?? Number.NaN);
  if (version >= JAVA_VERSION_MIN) return;
  throw new Error(`Kafka does not run on the Java found (${firstLine(output)}): ${hint}`);
}

/**
 * Makes sure that `directory` holds the jars `pom.xml` names, fetched by Maven if it does not. It
 * is complete or absent at any time, so several keepers may share one. Throws with what to mend.
 */
export async function ensureKafkaLibs(directory: string, context: StartContext): Promise<void> {
  const pom = await readFile(POM, 'utf8');
  if (await holds(directory, pom)) return;
  context.onProgress('Kafka: fetching its jars with Maven, once');
  const started = performance.now();
  const staging = `${directory}.new-${process.pid}`;
  await mkdir(staging, { recursive: true });
  try {
    await fetchJars(staging, context.signal);
    await copyFile(POM, join(staging, 'pom.xml'));
    if (!(await holds(directory, pom))) await rm(directory, { recursive: true, force: true });
    await rename(staging, directory).catch(async (error) => {
      if (!(await holds(directory, pom))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  context.onProgress(`Kafka: jars fetched in ${seconds(started)}`);
}

// The copy of the pom beside the jars says which jars they are.
async function holds(directory: string, pom: string): Promise<boolean> {
  return (await readFile(join(directory, 'pom.xml'), 'utf8').catch(() => '')) === pom;
}

async function fetchJars(target: string, signal: AbortSignal): Promise<void> {
  const args = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies'];
  args.push('-DincludeScope=runtime', `-DoutputDirectory=${target}`);
  const command = { file: 'mvn', args, options: { cwd: dirname(POM) } };
  const limited = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  await runCommand(command, limited).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      error.code === 'ENOENT'
        ? "Maven, which fetches Kafka's jars once, is not there: install it or set KAFKA_BROKERS"
        : `Maven could not fetch Kafka's jars (is this machine offline?): ${error.message}`,
    );
  });
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
