/**
 * The one connection that appends go through, pipelined: PostgreSQL goes from one batch straight to
 * the next. A pool costs a lone append a tenth of its time, and a second connection has to be woken
 * to take over the lock (docs/decisions/0005-the-append-function.md).
 */
import { isConnectionError } from '../db.ts';
import type { Pipeline } from '../pipeline.ts';
import type { PreparedStatement } from '../prepared.ts';

export type AppendConnection = {
  /** Runs a statement, after those that are under way. Connects first where it has to. */
  run(statement: PreparedStatement): Promise<unknown[][]>;
  /** When nothing is under way. */
  close(): Promise<void>;
};

/** `onError` hears when the connection was lost while nothing was under way. */
export function appendConnection(
  connect: () => Promise<Pipeline>,
  onError: (error: Error) => void,
): AppendConnection {
  let current: Promise<Pipeline> | undefined;

  function drop(lost: Promise<Pipeline>): void {
    if (current === lost) current = undefined;
    // What is given up need not say goodbye.
    lost.then((pipeline) => pipeline.close()).catch(() => undefined);
  }

  function open(): Promise<Pipeline> {
    const opened = connect().then((pipeline) => {
      pipeline.onLost((error) => {
        if (current !== opened) return;
        drop(opened);
        onError(error);
      });
      return pipeline;
    });
    return opened;
  }

  return {
    async run(statement) {
      current ??= open();
      const used = current;
      try {
        const [answer] = await (await used).run([statement]);
        return answer?.rows ?? [];
      } catch (error) {
        if (isConnectionError(error)) drop(used);
        throw error;
      }
    },
    async close() {
      await (await current)?.close();
      current = undefined;
    },
  };
}
