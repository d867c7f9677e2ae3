/**
 * Group commit: appends that arrive while a batch is under way make up the next one. There is no
 * timer, so a lone append waits for nothing.
 */
import { type Append, type AppendResult, Overloaded, TooLarge } from './event-store.ts';

export const queueLengthMax = 10_000;
export const batchSizeMax = 500;
export const batchBytesMax = 8 * 1024 * 1024;
export const eventBytesMax = 512 * 1024;
export const appendEventsMax = 100;

/** An append with its events' data and metadata already as JSON text, counted once. */
export type EncodedAppend = {
  readonly append: Append;
  readonly datas: readonly string[];
  readonly metadatas: readonly string[];
  readonly bytes: number;
};

type Waiting = EncodedAppend & {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * `append` queues for `appendBatch`, which stores a batch in one transaction and answers with a
 * result per append. No two appends of a batch share a stream or an event id. An error of
 * `appendBatch` reaches all of its batch.
 */
export function groupCommit(appendBatch: (batch: EncodedAppend[]) => Promise<AppendResult[]>) {
  let queue: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (queue.length > 0) {
      const { batch, rest } = nextBatch(queue);
      queue = rest;
      try {
        const results = await appendBatch(batch);
        batch.forEach((waiting, i) => {
          waiting.resolve(results[i] as AppendResult);
        });
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    running = false;
  }

  return async (append: Append): Promise<AppendResult> => {
    const encoded = encode(append);
    if (queue.length >= queueLengthMax) throw new Overloaded('the append queue is full');
    return new Promise<AppendResult>((resolve, reject) => {
      queue.push({ ...encoded, resolve, reject });
      if (!running) void run();
    });
  };
}

function encode(append: Append): EncodedAppend {
  const count = append.events.length;
  if (count < 1 || count > appendEventsMax) {
    throw new TooLarge(`an append holds 1 to ${appendEventsMax} events, not ${count}`);
  }
  const datas = append.events.map((event) => JSON.stringify(event.data));
  const metadatas = append.events.map((event) => JSON.stringify(event.metadata));
  let bytes = 0;
  for (const [i, data] of datas.entries()) {
    const eventBytes = Buffer.byteLength(data) + Buffer.byteLength(metadatas[i] as string);
    if (eventBytes > eventBytesMax) {
      throw new TooLarge(`an event holds at most ${eventBytesMax} bytes, not ${eventBytes}`);
    }
    bytes += eventBytes;
  }
  return { append, datas, metadatas, bytes };
}

function nextBatch(queue: readonly Waiting[]): { batch: Waiting[]; rest: Waiting[] } {
  const batch: Waiting[] = [];
  const rest: Waiting[] = [];
  const streams = new Set<string>();
  const ids = new Set<string>();
  let bytes = 0;
  for (const [i, waiting] of queue.entries()) {
    const full =
      batch.length >= batchSizeMax || (batch.length > 0 && bytes + waiting.bytes > batchBytesMax);
    if (full) return { batch, rest: rest.concat(queue.slice(i)) };
    const { stream, events } = waiting.append;
    const clashes = streams.has(stream) || events.some((event) => ids.has(event.id));
    // A stream stays closed for the batch once one of its appends has to wait: order is kept.
    streams.add(stream);
    for (const event of events) ids.add(event.id);
    if (clashes) {
      rest.push(waiting);
    } else {
      batch.push(waiting);
      bytes += waiting.bytes;
    }
  }
  return { batch, rest };
}
