/**
 * The appends that wait: first come, first served, but of one stream only one at a time.
 *
 * A stream has an entry in a Map only while several appends of it meet. With an entry for each that
 * waits, the Map makes itself a new table every few appends, and a table that is done with leads to
 * the one that took its place. Where one of them is old to the garbage collector, all later ones
 * and what they hold, whole requests, are kept until it next collects the old: 6 MB of the 50 MB
 * that were allocated between two collections.
 */
import type { EncodedAppend } from './encode.ts';

/** Of events. An append is never split, so a batch may hold up to `appendEventsMax` more. */
export const batchSizeMax = 1_000;
export const batchBytesMax = 8 * 1024 * 1024;

/** Appends to be stored together: no two share a stream, and no two an event id. */
export type Batch<Waiting> = {
  readonly appends: readonly Waiting[];
  readonly streams: ReadonlySet<string>;
};

export type AppendQueue<Waiting extends EncodedAppend> = {
  add(waiting: Waiting): void;
  /** How many are up: some may yet turn out to be behind another of their stream. */
  size(): number;
  /**
   * Takes up to `share` appends, as many as fit. Their streams are held until it is released.
   * Takes none where all that are up are behind one that is held.
   */
  take(share: number): Batch<Waiting>;
  release(batch: Batch<Waiting>): void;
  /** Takes all that wait out of the queue. */
  clear(): Waiting[];
};

/** One of a stream that is in the queue, if its turn has come, and those behind it. */
type Line<Waiting> = { up: Waiting | undefined; readonly behind: Waiting[] };

export function appendQueue<Waiting extends EncodedAppend>(): AppendQueue<Waiting> {
  let queue: Waiting[] = [];
  const held: Batch<Waiting>[] = [];
  const lines = new Map<string, Line<Waiting>>();

  // Whether another append of the stream comes first; if so, it is behind that one from now on.
  function isBehind(waiting: Waiting, taken: ReadonlySet<string>): boolean {
    const { stream } = waiting.append;
    const line = lines.size === 0 ? undefined : lines.get(stream);
    if (line !== undefined) {
      if (line.up === waiting) return false;
      line.behind.push(waiting);
      return true;
    }
    if (!taken.has(stream) && !held.some(({ streams }) => streams.has(stream))) return false;
    lines.set(stream, { up: undefined, behind: [waiting] });
    return true;
  }

  return {
    add(waiting) {
      queue.push(waiting);
    },

    size: () => queue.length,

    take(share) {
      const appends: Waiting[] = [];
      const streams = new Set<string>();
      const ids = new Set<string>();
      const later: Waiting[] = [];
      let bytes = 0;
      let at = 0;
      for (; at < queue.length; at += 1) {
        const waiting = queue[at] as Waiting;
        if (appends.length >= share || ids.size >= batchSizeMax) break;
        if (appends.length > 0 && bytes + waiting.bytes > batchBytesMax) break;
        if (isBehind(waiting, streams)) continue;
        const { stream, events } = waiting.append;
        if (events.some(({ id }) => ids.has(id))) {
          // It stays up, and so the others of its stream stay behind it.
          if (!lines.has(stream)) lines.set(stream, { up: waiting, behind: [] });
          later.push(waiting);
          continue;
        }
        for (const { id } of events) ids.add(id);
        streams.add(stream);
        bytes += waiting.bytes;
        appends.push(waiting);
      }
      queue = at === queue.length ? later : [...later, ...queue.slice(at)];
      const batch = { appends, streams };
      if (appends.length > 0) held.push(batch);
      return batch;
    },

    release(batch) {
      held.splice(held.indexOf(batch), 1);
      if (lines.size === 0) return;
      for (const stream of batch.streams) {
        const line = lines.get(stream);
        if (line === undefined) continue;
        line.up = line.behind.shift();
        if (line.up === undefined) lines.delete(stream);
        else queue.push(line.up);
      }
    },

    clear() {
      const all = [...queue, ...[...lines.values()].flatMap(({ behind }) => behind)];
      queue = [];
      lines.clear();
      return all;
    },
  };
}
