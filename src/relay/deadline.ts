/** Deadlines of our own: kafkajs has some for a request, and none for what it makes of many. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How long what is under way may go on once it is asked to stop. */
export const stopGraceMs = 3_000;

/**
 * What `work` resolves to; rejects when it takes longer than `timeoutMs`, or than `stopGraceMs`
 * after `signal`. The work goes on then and nobody hears of its end: throw away what it works with.
 */
export async function within<T>(
  timeoutMs: number,
  what: string,
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const over = async (ms: number, why: string) => {
    await sleep(ms, undefined, { signal: done.signal });
    throw new Error(`${what} ${why}`);
  };
  const stopped = async () => {
    const asked = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => asked.resolve(), { signal: done.signal });
    if (!signal.aborted) await asked.promise;
    return over(stopGraceMs, 'was cut short by the stop');
  };
  // Whichever loses has nobody to listen to it.
  work.catch(() => undefined);
  const late = over(timeoutMs, `took over ${timeoutMs} ms`);
  const cut = stopped();
  for (const one of [late, cut]) one.catch(() => undefined);
  try {
    return await Promise.race([work, late, cut]);
  } finally {
    done.abort();
  }
}
