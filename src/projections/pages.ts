/** Pages of the log for projections: of a size that fits their pace, the next one read ahead. */
import { upcast } from '../domain/catalogue.ts';
import { eventBytesMax } from '../eventstore/encode.ts';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import type { Fact } from './projection.ts';

const sizeMin = 100;
const sizeFirst = 1_000;
const sizeMax = 1_000;
const bytesMax = 8 * 1024 * 1024;
/** A batch holds its checkpoints for about so long: a rebuild or a pause waits for it. */
const batchMsMax = 1_000;

export type Page = {
  /** In today's shape. */
  readonly facts: readonly Fact[];
  /** By position, why an event has no such shape. */
  readonly unreadable: ReadonlyMap<number, unknown>;
  /** The position of its last event; that of the page before where there is none. */
  readonly last: number;
  /** Whether it has all that may be read at once, so that there is most likely more. */
  readonly isFull: boolean;
  /** Whether there surely was no more when it was read. */
  readonly isLast: boolean;
};
export type Pages = {
  /** The events after `position`, `limit` at most. */
  read(position: number, limit?: number): Promise<Page>;
  /** Told how long the last page took, for the size of those to come. */
  adapt(count: number, elapsedMs: number): void;
};

/** `first`: the size of the first page. */
export function pagesOf(store: EventStore, first = sizeFirst): Pages {
  let size = first;
  let ahead: { after: number; events: Promise<RecordedEvent[]> } | undefined;
  return {
    async read(position, limit = Number.POSITIVE_INFINITY) {
      const wanted = Math.min(size, limit);
      if (wanted < 1) return { ...pageOf([]), last: position, isFull: false, isLast: false };
      const read = ahead?.after === position ? await ahead.events : [];
      ahead = undefined;
      // An empty page may have been read before what is there now was appended.
      const found = read.length > 0 ? read : await store.readLog(position, wanted, bytesMax);
      const page = pageOf(found.slice(0, wanted));
      const last = page.facts.at(-1)?.position ?? position;
      // A smaller page is the end of the log, or bounded by its bytes, or by the pace of a rebuild.
      const isFull = wanted === size && page.facts.length >= Math.min(size, first);
      if (isFull) {
        ahead = { after: last, events: store.readLog(last, size, bytesMax) };
        ahead.events.catch(() => undefined);
      }
      // Larger ones may have been cut short by their bytes; what was read ahead may be old.
      const isShort = found.length < wanted && found.length < bytesMax / eventBytesMax;
      const isLast = isShort && read.length === 0;
      return { ...page, last, isFull, isLast };
    },
    adapt(count, elapsedMs) {
      if (elapsedMs > batchMsMax) size = Math.max(sizeMin, Math.floor(size / 2));
      else if (count === size && elapsedMs < batchMsMax / 4) size = Math.min(sizeMax, size * 2);
    },
  };
}

function pageOf(events: readonly RecordedEvent[]): Pick<Page, 'facts' | 'unreadable'> {
  const unreadable = new Map<number, unknown>();
  const facts = events.map((event) => {
    try {
      return upcast(event) as Fact;
    } catch (error) {
      unreadable.set(event.position, error);
      return event as Fact;
    }
  });
  return { facts, unreadable };
}
