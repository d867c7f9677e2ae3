/** Wakes readers of the log: by NOTIFY when an append commits, by a poll behind it in any case. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionOptions } from '../db.ts';

export const pollIntervalMs = 1_000;
const reconnectDelayMs = 500;

export type Wakeup = {
  /**
   * How many hints there have been. A reader takes it before it reads, so that an append between
   * its read and its `next` wakes it too.
   */
  readonly hints: number;
  /**
   * Resolves when there may be more to read than when `hints` was as given: soon after an append,
   * at the latest by the poll. Resolves at once when `signal` is aborted.
   */
  next(hints: number, signal: AbortSignal): Promise<void>;
};

/** A wake-up whose hints come from `hint`, and which polls each `intervalMs`. */
export function manualWakeup(intervalMs = pollIntervalMs): Wakeup & { hint(): void } {
  const waiting = new Set<() => void>();
  let hints = 0;
  return {
    get hints() {
      return hints;
    },
    next(seen, signal) {
      if (hints !== seen || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(poll);
          signal.removeEventListener('abort', wake);
          waiting.delete(wake);
          resolve();
        };
        const poll = setTimeout(wake, intervalMs);
        signal.addEventListener('abort', wake);
        waiting.add(wake);
      });
    },
    hint() {
      hints += 1;
      for (const wake of waiting) wake();
    },
  };
}

/**
 * One dedicated LISTEN connection for the process. NOTIFY is a hint only: while the connection is
 * down, readers poll.
 */
export function listenForAppends(
  databaseUrl: string,
  onError: (error: unknown) => void,
  intervalMs = pollIntervalMs,
): Wakeup & { close(): Promise<void> } {
  const wakeup = manualWakeup(intervalMs);
  const closing = new AbortController();
  const listening = keepListening(databaseUrl, wakeup.hint, closing.signal, onError);
  return Object.assign(wakeup, {
    async close() {
      closing.abort();
      await listening;
    },
  });
}

/** The same wake-up for one who closes what it is given: it stays open. */
export function lent(wakeup: Wakeup): Wakeup & { close(): Promise<void> } {
  return {
    get hints() {
      return wakeup.hints;
    },
    next: (hints, signal) => wakeup.next(hints, signal),
    close: () => Promise.resolve(),
  };
}

async function keepListening(
  databaseUrl: string,
  hint: () => void,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    const client = new pg.Client(connectionOptions(databaseUrl));
    client.on('error', onError);
    client.on('notification', hint);
    const ended = once(client, 'end', { signal }).catch(() => undefined);
    try {
      await client.connect();
      await client.query('listen frontlog_events');
      // What was appended while nobody listened gave no hint.
      hint();
      await ended;
    } catch (error) {
      onError(error);
    }
    await client.end().catch(onError);
    await sleep(reconnectDelayMs, undefined, { signal }).catch(() => undefined);
  }
}
