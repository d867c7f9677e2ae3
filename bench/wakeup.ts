/** How long after an append was asked for, and after it was acknowledged, a subscriber has the event. */
import { setTimeout as sleep } from 'node:timers/promises';
import { subscribe } from '../src/eventstore/subscription.ts';
import { listenForAppends } from '../src/eventstore/wakeup.ts';
import { round, table } from './measure.ts';
import type { Bench } from './run.ts';
import { frontlog, newEvent } from './stores.ts';

const pauseMs = 10;

export const benchWakeup: Bench = async (fresh, short) => {
  const url = await fresh('frontlog');
  const { store, close } = await frontlog(url);
  const wakeup = listenForAppends(url, (error) => process.stderr.write(`# ${error}\n`));
  const stop = new AbortController();
  const seenAt = new Map<string, number>();
  const options = { after: 0, batchSizeMax: 1_000, batchBytesMax: 8e6, signal: stop.signal };
  const reading = (async () => {
    for await (const events of subscribe(store, wakeup, options)) {
      for (const { id } of events) seenAt.set(id, performance.now());
    }
  })();
  await sleep(500);
  const fromAsked: number[] = [];
  const fromAcknowledged: number[] = [];
  for (let i = 0; i < (short ? 50 : 2_000); i += 1) {
    const event = newEvent();
    const asked = performance.now();
    await store.append({ stream: `claim-${event.id}`, expectedVersion: 0, events: [event] });
    const acknowledged = performance.now();
    // Idle between two, so that each is a wake-up of its own.
    await sleep(pauseMs);
    const seen = seenAt.get(event.id) ?? Number.POSITIVE_INFINITY;
    fromAsked.push(seen - asked);
    fromAcknowledged.push(seen - acknowledged);
  }
  stop.abort();
  await reading;
  await wakeup.close();
  await close();
  const rows = Object.entries({ asked: fromAsked, acknowledged: fromAcknowledged }).map(
    ([since, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const quantile = (q: number) => round(sorted[Math.floor(q * (sorted.length - 1))] ?? 0, 2);
      return {
        'ms since it was': since,
        p50: quantile(0.5),
        p99: quantile(0.99),
        p999: quantile(0.999),
      };
    },
  );
  return { text: table(rows), json: rows };
};
