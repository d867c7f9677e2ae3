import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from './command.ts';
import type { StopStep } from './processes.ts';

/**
 * What a start is given: where, how to tell of it, and the signal that it is not wanted any more.
 */
export type StartContext = {
  /** Absolute real path of DATA_DIR. */
  readonly dataDir: string;
  readonly signal: AbortSignal;
  /** Where it was, if it is started again for those who know it there. */
  readonly lastAt?: string;
  onProgress(message: string): void;
};

/** A server that answers. */
export type RunningServer = {
  /** How to reach it: a connection URL or `host:port`. */
  readonly at: string;
  /** Resolves, never rejects, with what is known of its end, asked for or not. */
  readonly exited: Promise<string>;
  /** Ends it orderly, harshly after the deadline; resolves when it is gone. */
  stop(): Promise<void>;
};

/** One try to start a server, made anew with other ports for each try. */
export type Attempt = {
  readonly command: Command;
  readonly at: string;
  /** Resolves when the server has answered, rejects as long as it does not. */
  answers(): Promise<void>;
};

/** How a server is started and stopped. */
export type ServerPlan = {
  readonly label: string;
  readonly logFile: string;
  readonly startTimeoutMs: number;
  readonly stopSteps: readonly StopStep[];
  /** After an end whose log says this another attempt is made, in the same time: it will pass. */
  readonly passing: RegExp;
  attempt(): Promise<Attempt>;
};

type Child = { readonly process: ChildProcess; readonly exited: Promise<string> };

const ATTEMPT_INTERVAL_MS = 300;
const POLL_INTERVAL_MS = 40;
const LOG_TAIL_LINES_MAX = 12;

/**
 * Starts a server and resolves when it answers. Its output goes to the log file; the previous
 * start's is kept beside it as `*.1`. Throws, with the log's name and last lines, when it ends
 * before it answers or does not answer in time; nothing is left running then, nor after an abort.
 */
export async function startServer(plan: ServerPlan, context: StartContext): Promise<RunningServer> {
  await rename(plan.logFile, `${plan.logFile}.1`).catch(() => undefined);
  const deadline = Date.now() + plan.startTimeoutMs;
  const started = performance.now();
  for (;;) {
    const server = await tryOnce(plan, deadline, context.signal);
    if (!(server instanceof Error)) {
      context.onProgress(`${plan.label} ready in ${seconds(started)}`);
      return server;
    }
    const fault = await withLog(plan, server.message);
    const hopeless = context.signal.aborted || Date.now() > deadline;
    if (hopeless || !plan.passing.test(fault)) throw new Error(fault);
    await sleep(ATTEMPT_INTERVAL_MS);
  }
}

/** The time since `started` (of `performance.now()`), to be read by a human. */
export function seconds(started: number): string {
  return `${((performance.now() - started) / 1_000).toFixed(1)} s`;
}

async function tryOnce(
  plan: ServerPlan,
  deadline: number,
  signal: AbortSignal,
): Promise<RunningServer | Error> {
  const attempt = await plan.attempt();
  signal.throwIfAborted();
  const child = await spawnLogged(attempt.command, plan.logFile);
  const fault = await faultBeforeAnswer(attempt, child, deadline, signal);
  if (fault === undefined) {
    const stop = () => end(child, plan.stopSteps);
    const exited = child.exited.then((how) => withLog(plan, how));
    return { at: attempt.at, exited, stop };
  }
  await end(child, plan.stopSteps);
  return new Error(fault);
}

async function spawnLogged(command: Command, logFile: string): Promise<Child> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(command.file, command.args, {
      ...command.options,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be run (${error.message})`));
      child.once('exit', (code, signal) => resolve(`ended (${signal ?? `exit code ${code}`})`));
    });
    return { process: child, exited };
  } finally {
    await log.close();
  }
}

async function faultBeforeAnswer(
  attempt: Attempt,
  child: Child,
  deadline: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  let ended: string | undefined;
  child.exited.then((how) => {
    ended = `${how} before it answered`;
  });
  while (Date.now() < deadline && !signal.aborted && ended === undefined) {
    const answered = await attempt.answers().then(
      () => true,
      () => false,
    );
    if (answered && ended === undefined) return undefined;
    await sleep(POLL_INTERVAL_MS);
  }
  if (signal.aborted) return 'was not wanted any more';
  return ended ?? 'did not answer in time';
}

async function end(child: Child, steps: readonly StopStep[]): Promise<void> {
  for (const { signal, waitMs } of steps) {
    child.process.kill(signal);
    const timer = new AbortController();
    const late = sleep(waitMs, 'late', { signal: timer.signal }).catch(() => 'late');
    const outcome = await Promise.race([child.exited, late]);
    timer.abort();
    if (outcome !== 'late') return;
  }
}

async function withLog(plan: ServerPlan, what: string): Promise<string> {
  const text = await readFile(plan.logFile, 'utf8').catch((error: Error) => error.message);
  const tail = text.trimEnd().split('\n').slice(-LOG_TAIL_LINES_MAX).join('\n');
  return `${plan.label} ${what}; its log ${plan.logFile} ends:\n${tail}`;
}
