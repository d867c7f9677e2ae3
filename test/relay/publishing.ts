/** A publisher of the war status by itself, beside a service that has the views. */
import type { Logger } from 'pino';
import { connectOnce, openDb, openPool, readLogId } from '../../src/db.ts';
import { listenForAppends } from '../../src/eventstore/wakeup.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import type { RelayState } from '../../src/relay/relay.ts';
import { runWarStatus, type StatusView } from '../../src/relay/war-status.ts';
import { statusViewOf } from '../../src/service.ts';
import { openStore, type Test } from '../db.ts';
import { brokers } from '../service.ts';
import { quiet } from './relaying.ts';

export type Publishing = { readonly databaseUrl: string; readonly prefix: string };
type More = {
  logger?: Logger;
  beforePublishing?: (view: StatusView) => Promise<void>;
  silenceMaxMs?: number;
};

/** Starts one in this process, which is stopped after the test at the latest. */
export async function startPublisher(
  t: Test,
  { databaseUrl: url, prefix }: Publishing,
  { logger = quiet, beforePublishing, silenceMaxMs = 1_500 }: More = {},
): Promise<{ state: RelayState }> {
  const stopping = new AbortController();
  const pool = openPool(url, () => undefined);
  const db = openDb(pool);
  const wakeup = listenForAppends(url, () => undefined);
  const state: RelayState = { state: 'starting', position: 0 };
  const readView = statusViewOf(db);
  const running = runWarStatus(
    {
      ...{ store: openStore(t, { url, pool, db }), wakeup, prefix, state, logger, silenceMaxMs },
      kafka: kafkaClient({ brokers: [brokers as string] }, quiet),
      logId: await readLogId(db),
      connect: () => connectOnce(url),
      readView: async () => {
        const view = await readView();
        await beforePublishing?.(view);
        return view;
      },
    },
    stopping.signal,
  );
  t.teardown(async () => {
    stopping.abort();
    await running;
    await wakeup.close();
    await db.destroy();
  });
  return { state };
}
