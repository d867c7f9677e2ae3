/** The end of a topic, for a consumer that reads up to it and no further. */
import type { Consumer } from 'kafkajs';

/** What the consumer's fetches wait for messages at most. */
export const fetchWaitMs = 300;
// An idle fetch takes the whole wait; two in a row, without a message between, are the end.
const idleFetchesMin = 2;

/**
 * `reached` resolves at the end of all partitions, and rejects where nothing was read for
 * `timeoutMs`. To be reset with every message: control records move offsets too, so that these
 * alone do not tell the end.
 */
export function endOfTopic(consumer: Consumer, timeoutMs: number) {
  const idle = new Map<string, number>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timeout = setTimeout(() => reject(new Error('the topic could not be read')), timeoutMs);
  const reached = promise.finally(() => clearTimeout(timeout));
  const nodes = new Set<string>();
  consumer.on(consumer.events.FETCH_START, ({ payload }) => nodes.add(String(payload.nodeId)));
  consumer.on(consumer.events.FETCH, ({ payload }) => {
    const node = String(payload.nodeId);
    const waited = payload.duration >= 0.9 * fetchWaitMs;
    idle.set(node, waited ? (idle.get(node) ?? 0) + 1 : 0);
    if ([...nodes].every((one) => (idle.get(one) ?? 0) >= idleFetchesMin)) resolve();
  });
  return {
    reached,
    reset() {
      idle.clear();
      timeout.refresh();
    },
  };
}
