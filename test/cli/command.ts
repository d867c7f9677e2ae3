/** `frontlog` as a process of its own, on a database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

export type Ended = { code: number | null; stdout: string; stderr: string };
export type Started = { readonly process: ChildProcess; readonly ended: Promise<Ended> };

/** Starts a command, which ends by itself or is ended. */
export function start(url: string, ...words: readonly string[]): Started {
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'fatal' },
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
export function run(url: string, ...words: readonly string[]): Promise<Ended> {
  return start(url, ...words).ended;
}
