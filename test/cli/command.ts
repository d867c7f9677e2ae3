/** `frontlog` as a process of its own, on a database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

export type Ended = { code: number | null; stdout: string; stderr: string };
type Asked = readonly string[] | readonly [settings: NodeJS.ProcessEnv, ...words: string[]];
export type Started = { readonly process: ChildProcess; readonly ended: Promise<Ended> };

/** Starts a command, with settings where its first word is none; it ends by itself or is ended. */
export function start(url: string, ...asked: Asked): Started {
  const [first, ...rest] = asked;
  const [settings, words] = typeof first === 'object' ? [first, rest] : [{}, asked];
  const child = spawn(process.execPath, [main, ...(words as readonly string[])], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'fatal', ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (texts.stdout += chunk));
  child.stderr.on('data', (chunk) => (texts.stderr += chunk));
  child.stdin.end();
  const ended = once(child, 'close').then(([code]) => ({ code, ...texts }));
  return { process: child, ended };
}

/** What a command ended with. */
export function run(url: string, ...asked: Asked): Promise<Ended> {
  return start(url, ...asked).ended;
}
