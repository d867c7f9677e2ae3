/**
 * A connection that appends go through. A pool would do the same, but costs a lone append a
 * tenth of its time (docs/decisions/0005-the-append-function.md).
 */
import type pg from 'pg';
import { isConnectionError } from '../db.ts';

export type AppendConnection = {
  /** Runs one statement; one at a time. Connects first where it has to. */
  query(statement: pg.QueryArrayConfig): Promise<unknown[][]>;
  close(): Promise<void>;
};

/** `onError` hears when the connection was lost while nothing was under way. */
export function appendConnection(
  connect: () => Promise<pg.Client>,
  onError: (error: Error) => void,
): AppendConnection {
  let client: pg.Client | undefined;

  function drop(): void {
    // What is given up need not say goodbye; `end` destroys it if a statement is still under way.
    client?.end().catch(() => undefined);
    client = undefined;
  }

  async function open(): Promise<pg.Client> {
    const opened = await connect();
    opened.on('error', (error) => {
      if (client !== opened) return;
      drop();
      onError(error);
    });
    return opened;
  }

  return {
    async query(statement) {
      client ??= await open();
      try {
        return (await client.query(statement)).rows;
      } catch (error) {
        if (isConnectionError(error)) drop();
        throw error;
      }
    },
    async close() {
      await client?.end();
      client = undefined;
    },
  };
}
