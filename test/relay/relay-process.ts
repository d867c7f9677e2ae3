/** A relay in a process of its own, to be killed or frozen; `RELAY` says where. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openDb, openPool } from '../../src/db.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import { openStore } from '../db.ts';
import { type Steps, startRelay, withSteps } from './relaying.ts';

export type Order = {
  url: string;
  brokers: string;
  prefix: string;
  /** Ends itself by SIGKILL between the messages and the checkpoint of this batch. */
  killAtBatch?: number;
  /** Waits before its first commit until its parent says so. */
  hold?: boolean;
  silenceMaxMs?: number;
};
export type Report = 'held' | 'committed' | { error: string };

const { killAtBatch, hold, silenceMaxMs, ...order } = JSON.parse(
  process.env.RELAY as string,
) as Order;
const say = (report: Report) => process.send?.(report);
let batch = 0;
const steps: Steps = {
  async beforeCheckpoint() {
    batch += 1;
    if (batch !== killAtBatch) return;
    process.kill(process.pid, 'SIGKILL');
    await sleep(60_000);
  },
  async beforeCommit() {
    if (hold !== true || batch > 1) return;
    const told = new Promise((resolve) => process.once('message', resolve));
    say('held');
    await told;
  },
  afterCommit: async () => void (hold === true && say('committed')),
};
const pool = openPool(order.url, () => undefined);
const db = openDb(pool);
const never = { teardown: () => undefined };
const error = { write: (line: string) => void say({ error: JSON.parse(line).err.message }) };
await startRelay(
  never,
  { ...order, db, store: openStore(never, { ...order, db, pool }) },
  {
    kafka: withSteps(kafkaClient({ brokers: [order.brokers] }, pino({ level: 'silent' })), steps),
    logger: pino({ level: 'warn' }, error),
    ...(silenceMaxMs !== undefined && { silenceMaxMs }),
  },
);
