/** Wakes readers of the log: by NOTIFY when an append commits, by a poll behind it in any case. */
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionOptions } from '../db.ts';

export const pollIntervalMs = 1_000;
const reconnectDelayMs = 500;

export type Wakeup = {
  /** Resolves when there may be more to read: soon after an append, at the latest by the poll. */
  next(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/**
 * One dedicated LISTEN connection for the process. NOTIFY is a hint only: while the connection is
 * down, readers poll.
 */
export function listenForAppends(databaseUrl: string, onError: (error: unknown) => void): Wakeup {
  const hints = new EventEmitter().setMaxListeners(0);
  const closing = new AbortController();
  const running = keepListening(databaseUrl, hints, closing.signal, onError);
  return {
    async next(signal) {
      const awake = new AbortController();
      const until = AbortSignal.any([signal, awake.signal]);
      const hint = once(hints, 'append', { signal: until });
      const poll = sleep(pollIntervalMs, undefined, { signal: until });
      // Both end by abort once one of them has woken the reader; that is no failure.
      await Promise.race([hint, poll].map((one) => one.catch(() => undefined)));
      awake.abort();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

async function keepListening(
  databaseUrl: string,
  hints: EventEmitter,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    const client = new pg.Client(connectionOptions(databaseUrl));
    const ended = new Promise<void>((resolve) => {
      client.once('end', () => resolve());
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    client.on('error', onError);
    client.on('notification', () => hints.emit('append'));
    try {
      await client.connect();
      await client.query('listen frontlog_events');
      // What was appended while nobody listened gave no hint.
      hints.emit('append');
      await ended;
    } catch (error) {
      onError(error);
    }
    await client.end().catch(onError);
    await sleep(reconnectDelayMs, undefined, { signal }).catch(() => undefined);
  }
}
