/**
 * The two connections of a lane: one for its transactions, one to load rows by meanwhile. Both are
 * pipelined, and prepare each statement once.
 */
import type { Pipeline } from '../pipeline.ts';
import { objectsOf } from '../pooled-client.ts';
import type { Statement } from './statements.ts';

// Plans made while a table was small would scan the whole of it later: index plans only, which are
// as good for any values, so that none is planned anew for each batch. A commit that a crash of
// PostgreSQL takes back takes back rows and checkpoint, and they are made again: it need not wait
// for the disk. Who froze within a transaction must not hold its locks for ever.
const settings = `
  set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off;
  set plan_cache_mode = force_generic_plan;
  set synchronous_commit = off; set idle_in_transaction_session_timeout = '30s'`;

/** Runs a statement, and answers its rows. */
export type Send = (statement: Statement) => Promise<object[]>;
/** Runs statements of one transaction, one after the other, and answers the rows of each. */
export type SendAll = (statements: readonly Statement[]) => Promise<object[][]>;
export type LaneConnections = {
  /** Opens those that are not open: the one that transactions are sent to, and the other. */
  open(): Promise<{ readonly send: SendAll; readonly load: Send }>;
  /** What is under way on them is given up. */
  close(): Promise<void>;
};

export function laneConnections(connect: () => Promise<Pipeline>): LaneConnections {
  let current: Promise<[Pipeline, Pipeline]> | undefined;
  let sends: { send: SendAll; load: Send } | undefined;

  async function openOne(): Promise<Pipeline> {
    const pipeline = await connect();
    await pipeline.query({ text: settings });
    return pipeline;
  }

  return {
    async open() {
      current ??= Promise.all([openOne(), openOne()]);
      const [one, other] = await current;
      sends ??= { send: preparing(one), load: oneByOne(preparing(other)) };
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

function preparing(pipeline: Pipeline): SendAll {
  const names = new Map<string, string>();
  const nameOf = (text: string) => {
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return name;
  };
  return async (statements) => {
    const named = statements.map(({ text, values }) => ({ name: nameOf(text), text, values }));
    return (await pipeline.run(named)).map(objectsOf);
  };
}

/** The same for a statement that stands alone. */
export function oneByOne(send: SendAll): Send {
  return async (statement) => {
    const [rows] = await send([statement]);
    return rows ?? [];
  };
}
