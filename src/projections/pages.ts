/** Pages of the log for one projection: of a size that fits its pace, the next one read ahead. */
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';

const sizeMin = 100;
const sizeFirst = 1_000;
const sizeMax = 5_000;
const bytesMax = 8 * 1024 * 1024;
/** A batch holds its checkpoint for about so long: a rebuild or a pause waits for it. */
const batchMsMax = 1_000;

export type Pages = {
  /** The events after `position`, `limit` at most. */
  read(position: number, limit?: number): Promise<RecordedEvent[]>;
  /** Told how long the last page took, for the size of those to come. */
  adapt(count: number, elapsedMs: number): void;
};

/** While a full page is worked on, the next is read: node and PostgreSQL are busy at once. */
export function pagesOf(store: EventStore): Pages {
  let size = sizeFirst;
  let ahead: { after: number; page: Promise<RecordedEvent[]> } | undefined;
  return {
    async read(position, limit = Number.POSITIVE_INFINITY) {
      const wanted = Math.min(size, limit);
      if (wanted < 1) return [];
      const read = ahead?.after === position ? await ahead.page : [];
      ahead = undefined;
      // An empty page may have been read before what is there now was appended.
      const page = read.length > 0 ? read : await store.readLog(position, wanted, bytesMax);
      const events = page.slice(0, wanted);
      const last = events.at(-1)?.position ?? position;
      // A smaller page is the end of the log, or bounded by its bytes, or by the pace of a rebuild.
      if (wanted === size && events.length >= Math.min(size, sizeFirst)) {
        ahead = { after: last, page: store.readLog(last, size, bytesMax) };
        ahead.page.catch(() => undefined);
      }
      return events;
    },
    adapt(count, elapsedMs) {
      if (elapsedMs > batchMsMax) size = Math.max(sizeMin, Math.floor(size / 2));
      else if (count === size && elapsedMs < batchMsMax / 4) size = Math.min(sizeMax, size * 2);
    },
  };
}
