/**
 * Group commit: appends that arrive while a batch is under way make up the next one. There is no
 * timer, so a lone append waits for nothing.
 */
import { isTransientError } from '../db.ts';
import { appendQueue, type Batch } from './append-queue.ts';
import { type EncodedAppend, encode } from './encode.ts';
import { type Append, type AppendResult, Overloaded } from './event-store.ts';

export const queueLengthMax = 10_000;
export const queueBytesMax = 64 * 1024 * 1024;

/** Batches under way at once: one is stored while the other is answered and the next is made. */
export const lanes = 2;
/** From so many appends on they are split over the lanes; fewer are stored sooner as one batch. */
const splitMin = 16;

type Waiting = EncodedAppend & {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
};

export type GroupCommit = {
  append(append: Append): Promise<AppendResult>;
  /** Resolves once no append waits or is under way. */
  drain(): Promise<void>;
};

/**
 * Queues appends for `appendBatch`, which stores a batch in one transaction and answers with a
 * result per append; it is called for up to `lanes` batches at once. No two appends under way share
 * a stream, and no two of a batch an event id. Rejects with `Overloaded` when the queue is full. An
 * error that may pass (`isTransientError`) reaches all that wait; any other only the append that
 * causes it.
 */
export function groupCommit(
  appendBatch: (batch: readonly EncodedAppend[]) => Promise<readonly AppendResult[]>,
): GroupCommit {
  const queue = appendQueue<Waiting>();
  let queueLength = 0;
  let queueBytes = 0;
  let underWay = 0;
  let isScheduled = false;
  const drains: (() => void)[] = [];

  // A turn of the event loop: who arrives with the first, or was just answered, comes along.
  function schedule(): void {
    if (isScheduled || queue.size() === 0 || underWay === lanes) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      const isSplit = underWay === 0 && queue.size() >= splitMin;
      const share = isSplit ? Math.ceil(queue.size() / lanes) : queue.size();
      while (underWay < lanes && queue.size() > 0) {
        const batch = queue.take(share);
        if (batch.appends.length === 0) break;
        void run(batch);
      }
    });
  }

  async function run(batch: Batch<Waiting>): Promise<void> {
    underWay += 1;
    await settle(batch.appends);
    queue.release(batch);
    underWay -= 1;
    schedule();
  }

  async function settle(appends: readonly Waiting[]): Promise<void> {
    let results: readonly AppendResult[];
    try {
      results = await appendBatch(appends);
    } catch (error) {
      return fail(appends, error);
    }
    count(appends, -1);
    for (const [i, { resolve }] of appends.entries()) resolve(results[i] as AppendResult);
  }

  async function fail(appends: readonly Waiting[], error: unknown): Promise<void> {
    const isTransient = isTransientError(error);
    if (!isTransient && appends.length > 1) {
      for (const one of appends) await settle([one]);
      return;
    }
    count(appends, -1);
    for (const { reject } of appends) reject(error);
    if (!isTransient) return;
    // The world is down: what waits behind would only wait as long again for the same answer.
    const rest = queue.clear();
    count(rest, -1);
    for (const { reject } of rest) reject(error);
  }

  function count(batch: readonly Waiting[], sign: 1 | -1): void {
    for (const { bytes } of batch) {
      queueLength += sign;
      queueBytes += sign * bytes;
    }
    if (queueLength === 0) for (const resolve of drains.splice(0)) resolve();
  }

  async function append(append: Append): Promise<AppendResult> {
    const encoded = encode(append);
    // What is under way counts too: the memory is held until it is answered.
    if (queueLength >= queueLengthMax || queueBytes + encoded.bytes > queueBytesMax) {
      throw new Overloaded(`${queueLength} appends of ${queueBytes} bytes are waiting`);
    }
    return new Promise((resolve, reject) => {
      const waiting = { ...encoded, resolve, reject };
      queue.add(waiting);
      count([waiting], 1);
      schedule();
    });
  }

  async function drain(): Promise<void> {
    if (queueLength > 0) await new Promise<void>((resolve) => drains.push(resolve));
  }

  return { append, drain };
}
