/**
 * A connection to PostgreSQL that sends a statement without waiting for the answer to the one
 * before. For what is sent all the time: it asks the client by callback, and watches over answers
 * with one timer of the connection's own. The client's promises and its timers, one a statement,
 * keep the statement and its values from the garbage collector's young generation (60 MB a second
 * of appends, collected with the old ten times as often; see docs/performance.md).
 */
import type { Socket } from 'node:net';
import pg from 'pg';
import { answerTimeouts, connectionOptions } from './db.ts';
import { type Answer, type PreparedStatement, preparedOn } from './prepared.ts';

export type Pipeline = {
  /**
   * Runs a statement after those under way, and answers its rows. One that the server, though it is
   * there, does not answer for `silenceMaxMs` is given up with all that are under way.
   */
  query(statement: pg.QueryConfig | pg.QueryArrayConfig): Promise<unknown[]>;
  /**
   * The same for those that are run over and over, of one transaction or one alone: one after the
   * other, answered together. Where one fails, so do those behind it.
   */
  run(statements: readonly PreparedStatement[]): Promise<readonly Answer[]>;
  /** Calls `listener` when the connection breaks; what is under way then rejects. */
  onLost(listener: (error: Error) => void): void;
  /** Ends the connection once what is under way is answered. */
  close(): Promise<void>;
};

export async function openPipeline(
  databaseUrl: string,
  silenceMaxMs = answerTimeouts.query_timeout,
): Promise<Pipeline> {
  const client = new pg.Client({
    ...connectionOptions(databaseUrl),
    pipeline: true,
    lock_timeout: answerTimeouts.lock_timeout,
  });
  await client.connect();
  // Without a listener it would end the process.
  client.on('error', () => undefined);
  let underWay = 0;
  const socket = client.connection.stream as Socket;
  // Of a connection that stands still; with nothing under way that is as it should be.
  socket.setTimeout(silenceMaxMs);
  socket.on('timeout', () => {
    if (underWay > 0) socket.destroy();
  });
  const prepared = preparedOn(client);
  const asked = <One>(ask: (answered: (error: Error | null, answer: One) => void) => void) => {
    underWay += 1;
    return new Promise<One>((resolve, reject) => {
      ask((error, answer) => {
        underWay -= 1;
        if (error) reject(error);
        else resolve(answer);
      });
    });
  };
  return {
    query: (statement) =>
      asked<unknown[]>((answered) => {
        client.query(statement as pg.QueryConfig, (error, result) => {
          answered(error, result?.rows);
        });
      }),
    run: (statements) => asked<readonly Answer[]>((answered) => prepared.run(statements, answered)),
    onLost: (listener) => client.on('error', listener),
    close: () => client.end(),
  };
}
