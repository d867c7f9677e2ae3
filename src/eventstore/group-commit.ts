/**
 * Group commit: appends that arrive while a batch is under way make up the next one. There is no
 * timer, so a lone append waits for nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isTransientError } from '../db.ts';
import { type EncodedAppend, encode } from './encode.ts';
import { type Append, type AppendResult, Overloaded } from './event-store.ts';

export const queueLengthMax = 10_000;
export const queueBytesMax = 64 * 1024 * 1024;
/** Of events. An append is never split, so a batch may hold up to `appendEventsMax` more. */
export const batchSizeMax = 1_000;
export const batchBytesMax = 8 * 1024 * 1024;

type Waiting = EncodedAppend & {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
};
/**
 * Appends to one stream wait in line, and only a line's first is up for the next batch. The lines
 * are in the order in which their turn comes.
 */
type Lines = Map<string, Waiting[]>;

/**
 * Queues appends for `appendBatch`, which stores a batch in one transaction and answers with a
 * result per append. No two appends of a batch share a stream or an event id. Rejects with
 * `Overloaded` when the queue is full. An error that may pass (`isTransientError`) reaches all that
 * wait; any other only the append that causes it.
 */
export function groupCommit(
  appendBatch: (batch: readonly EncodedAppend[]) => Promise<readonly AppendResult[]>,
): (append: Append) => Promise<AppendResult> {
  const lines: Lines = new Map();
  let queueLength = 0;
  let queueBytes = 0;
  let running = false;

  async function run(): Promise<void> {
    running = true;
    // A turn of the event loop: who arrives with the first, or was just answered, comes along.
    for (await nextTurn(); lines.size > 0; await nextTurn()) await settle(takeBatch(lines));
    running = false;
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    let results: readonly AppendResult[];
    try {
      results = await appendBatch(batch);
    } catch (error) {
      return fail(batch, error);
    }
    count(batch, -1);
    for (const [i, { resolve }] of batch.entries()) resolve(results[i] as AppendResult);
  }

  async function fail(batch: readonly Waiting[], error: unknown): Promise<void> {
    const isTransient = isTransientError(error);
    if (!isTransient && batch.length > 1) {
      for (const waiting of batch) await settle([waiting]);
      return;
    }
    // The world is down: what waits behind would only wait as long again for the same answer.
    const failed = isTransient ? [...batch, ...[...lines.values()].flat()] : batch;
    if (isTransient) lines.clear();
    count(failed, -1);
    for (const { reject } of failed) reject(error);
  }

  function count(batch: readonly Waiting[], sign: 1 | -1): void {
    for (const { bytes } of batch) {
      queueLength += sign;
      queueBytes += sign * bytes;
    }
  }

  return async (append) => {
    const encoded = encode(append);
    // What is under way counts too: the memory is held until it is answered.
    if (queueLength >= queueLengthMax || queueBytes + encoded.bytes > queueBytesMax) {
      throw new Overloaded(`${queueLength} appends of ${queueBytes} bytes are waiting`);
    }
    return new Promise((resolve, reject) => {
      const waiting = { ...encoded, resolve, reject };
      const line = lines.get(append.stream);
      if (line === undefined) lines.set(append.stream, [waiting]);
      else line.push(waiting);
      count([waiting], 1);
      if (!running) void run();
    });
  };
}

/** Takes the first of as many lines as fit; a line with more in it goes to the end. */
function takeBatch(lines: Lines): Waiting[] {
  const batch: Waiting[] = [];
  const ids = new Set<string>();
  let bytes = 0;
  for (const line of lines.values()) {
    const waiting = line[0] as Waiting;
    if (ids.size >= batchSizeMax) break;
    if (batch.length > 0 && bytes + waiting.bytes > batchBytesMax) break;
    const { events } = waiting.append;
    if (events.some(({ id }) => ids.has(id))) continue;
    for (const { id } of events) ids.add(id);
    bytes += waiting.bytes;
    batch.push(waiting);
  }
  for (const { append } of batch) {
    const line = lines.get(append.stream) as Waiting[];
    line.shift();
    lines.delete(append.stream);
    if (line.length > 0) lines.set(append.stream, line);
  }
  return batch;
}
