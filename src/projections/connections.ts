/**
 * The two connections of a lane: one for its transactions, one to load rows by meanwhile. Both are
 * pipelined, and prepare each statement once.
 */
import type { Pipeline } from '../pipeline.ts';
import type { Send } from './statements.ts';

// Plans made while a table was small would scan the whole of it later: index plans only, which are
// as good for any values, so that none is planned anew for each batch. A commit that a crash of
// PostgreSQL takes back takes back rows and checkpoint, and they are made again: it need not wait
// for the disk. Who froze within a transaction must not hold its locks for ever.
const settings = `
  set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off;
  set plan_cache_mode = force_generic_plan;
  set synchronous_commit = off; set idle_in_transaction_session_timeout = '30s'`;

export type LaneConnections = {
  /** Opens those that are not open. */
  open(): Promise<{ readonly send: Send; readonly load: Send }>;
  /** What is under way on them is given up. */
  close(): Promise<void>;
};

export function laneConnections(connect: () => Promise<Pipeline>): LaneConnections {
  let current: Promise<[Pipeline, Pipeline]> | undefined;
  let sends: { send: Send; load: Send } | undefined;

  async function openOne(): Promise<Pipeline> {
    const pipeline = await connect();
    await pipeline.query({ text: settings });
    return pipeline;
  }

  return {
    async open() {
      current ??= Promise.all([openOne(), openOne()]);
      const [one, other] = await current;
      sends ??= { send: preparing(one), load: preparing(other) };
      return sends;
    },
    async close() {
      const pipelines = await current?.catch(() => undefined);
      current = undefined;
      sends = undefined;
      for (const pipeline of pipelines ?? []) pipeline.close().catch(() => undefined);
    },
  };
}

function preparing(pipeline: Pipeline): Send {
  const names = new Map<string, string>();
  return async ({ text, values }) => {
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return pipeline.query({ name, text, values: [...values] }) as Promise<object[]>;
  };
}
