/**
 * The two connections of a lane: one for its transactions, one to load rows by meanwhile. Both are
 * pipelined, and prepare each statement once.
 */
import type pg from 'pg';
import type { Send } from './statements.ts';

// Plans made while a table was small would scan the whole of it later: index plans only. A commit
// that a crash of PostgreSQL takes back takes back rows and checkpoint, and they are made again: it
// need not wait for the disk. Who froze within a transaction must not hold its locks for ever.
const settings = `
  set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off;
  set synchronous_commit = off; set idle_in_transaction_session_timeout = '30s'`;

export type LaneConnections = {
  /** Opens those that are not open. */
  open(): Promise<{ readonly send: Send; readonly load: Send }>;
  /** What is under way on them is given up. */
  close(): Promise<void>;
};

export function laneConnections(connect: () => Promise<pg.Client>): LaneConnections {
  let current: Promise<[pg.Client, pg.Client]> | undefined;
  let sends: { send: Send; load: Send } | undefined;

  async function openOne(): Promise<pg.Client> {
    const client = await connect();
    // What is under way rejects, and has it said.
    client.on('error', () => undefined);
    await client.query(settings);
    return client;
  }

  return {
    async open() {
      current ??= Promise.all([openOne(), openOne()]);
      const [one, other] = await current;
      sends ??= { send: preparing(one), load: preparing(other) };
      return sends;
    },
    async close() {
      const clients = await current?.catch(() => undefined);
      current = undefined;
      sends = undefined;
      for (const client of clients ?? []) client.end().catch(() => undefined);
    },
  };
}

function preparing(client: pg.Client): Send {
  const names = new Map<string, string>();
  return async ({ text, values }) => {
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return (await client.query({ name, text, values: [...values] })).rows;
  };
}
