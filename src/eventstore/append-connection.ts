/**
 * The one connection that appends go through, pipelined: PostgreSQL goes from one batch straight to
 * the next. A pool costs a lone append a tenth of its time, and a second connection has to be woken
 * to take over the lock (docs/decisions/0005-the-append-function.md).
 */
import type pg from 'pg';
import { isConnectionError } from '../db.ts';

export type AppendConnection = {
  /** Runs a statement, after those that are under way. Connects first where it has to. */
  query(statement: pg.QueryArrayConfig): Promise<unknown[][]>;
  /** When nothing is under way. */
  close(): Promise<void>;
};

/** `onError` hears when the connection was lost while nothing was under way. */
export function appendConnection(
  connect: () => Promise<pg.Client>,
  onError: (error: Error) => void,
): AppendConnection {
  let current: Promise<pg.Client> | undefined;

  function drop(lost: Promise<pg.Client>): void {
    if (current === lost) current = undefined;
    // What is given up need not say goodbye.
    lost.then((client) => client.end()).catch(() => undefined);
  }

  function open(): Promise<pg.Client> {
    const opened = connect().then((client) => {
      client.on('error', (error) => {
        if (current !== opened) return;
        drop(opened);
        onError(error);
      });
      return client;
    });
    return opened;
  }

  return {
    async query(statement) {
      current ??= open();
      const used = current;
      try {
        return (await (await used).query(statement)).rows;
      } catch (error) {
        if (isConnectionError(error)) drop(used);
        throw error;
      }
    },
    async close() {
      await (await current)?.end();
      current = undefined;
    },
  };
}
