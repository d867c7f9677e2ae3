/**
 * Group commit: appends that arrive while a batch is under way make up the next one. There is no
 * timer, so a lone append waits for nothing.
 */
import { isTransientError } from '../db.ts';
import { type EncodedAppend, encode } from './encode.ts';
import { type Append, type AppendResult, Overloaded } from './event-store.ts';

export const queueLengthMax = 10_000;
export const queueBytesMax = 64 * 1024 * 1024;
/** Of events. An append is never split, so a batch may hold up to `appendEventsMax` more. */
export const batchSizeMax = 1_000;
export const batchBytesMax = 8 * 1024 * 1024;

/** Batches under way at once: one is stored while the other is answered and the next is made. */
export const lanes = 2;
/** From so many appends on they are split over the lanes; fewer are stored sooner as one batch. */
const splitMin = 16;

type Waiting = EncodedAppend & {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
};
/**
 * Appends to one stream wait in line, and only a line's first is up for the next batch. The lines
 * are in the order in which their turn comes.
 */
type Lines = Map<string, Waiting[]>;

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
  const lines: Lines = new Map();
  /** Behind an append that is under way. */
  const closed: Lines = new Map();
  let queueLength = 0;
  let queueBytes = 0;
  let underWay = 0;
  let isScheduled = false;
  const drains: (() => void)[] = [];

  // A turn of the event loop: who arrives with the first, or was just answered, comes along.
  function schedule(): void {
    if (isScheduled || lines.size === 0 || underWay === lanes) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      const isSplit = underWay === 0 && lines.size >= splitMin;
      const share = isSplit ? Math.ceil(lines.size / lanes) : lines.size;
      while (underWay < lanes && lines.size > 0) void run(takeBatch(lines, closed, share));
    });
  }

  async function run(batch: readonly Waiting[]): Promise<void> {
    underWay += 1;
    await settle(batch);
    underWay -= 1;
    schedule();
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    let results: readonly AppendResult[];
    try {
      results = await appendBatch(batch);
    } catch (error) {
      return fail(batch, error);
    }
    release(batch);
    for (const [i, { resolve }] of batch.entries()) resolve(results[i] as AppendResult);
  }

  async function fail(batch: readonly Waiting[], error: unknown): Promise<void> {
    const isTransient = isTransientError(error);
    if (!isTransient && batch.length > 1) {
      for (const waiting of batch) await settle([waiting]);
      return;
    }
    release(batch);
    for (const { reject } of batch) reject(error);
    if (!isTransient) return;
    // The world is down: what waits behind would only wait as long again for the same answer.
    const rest = [...lines.values()].flat();
    lines.clear();
    count(rest, -1);
    for (const { reject } of rest) reject(error);
  }

  /** The appends are done with: gives their room back, and opens their streams' lines again. */
  function release(batch: readonly Waiting[]): void {
    count(batch, -1);
    for (const { append } of batch) {
      const line = closed.get(append.stream) as Waiting[];
      closed.delete(append.stream);
      if (line.length > 0) lines.set(append.stream, line);
    }
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
      const line = closed.get(append.stream) ?? lines.get(append.stream);
      if (line === undefined) lines.set(append.stream, [waiting]);
      else line.push(waiting);
      count([waiting], 1);
      schedule();
    });
  }

  async function drain(): Promise<void> {
    if (queueLength > 0) await new Promise<void>((resolve) => drains.push(resolve));
  }

  return { append, drain };
}

/** Takes the first of up to `share` lines, as many as fit, and closes those lines. */
function takeBatch(lines: Lines, closed: Lines, share: number): Waiting[] {
  const batch: Waiting[] = [];
  const ids = new Set<string>();
  let bytes = 0;
  for (const [stream, line] of lines) {
    const waiting = line[0] as Waiting;
    if (batch.length >= share || ids.size >= batchSizeMax) break;
    if (batch.length > 0 && bytes + waiting.bytes > batchBytesMax) break;
    const { events } = waiting.append;
    if (events.some(({ id }) => ids.has(id))) continue;
    for (const { id } of events) ids.add(id);
    bytes += waiting.bytes;
    batch.push(waiting);
    line.shift();
    lines.delete(stream);
    closed.set(stream, line);
  }
  return batch;
}
