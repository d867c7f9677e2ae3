/** A catch-up subscription: the whole log after a position, and then what is appended, as it is. */
import type { EventStore, RecordedEvent } from './event-store.ts';
import type { Wakeup } from './wakeup.ts';

export type SubscriptionOptions = {
  /** The last position the subscriber has done with; 0 for none. */
  readonly after: number;
  readonly batchSizeMax: number;
  /** Of data and metadata. A single event may be larger. */
  readonly batchBytesMax: number;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
};

/**
 * Every event after a position once, in order, in batches; an empty batch each time there is no
 * more, at least once per `pollIntervalMs`. The next batch is read when it is asked for, so a slow
 * subscriber holds one batch and no more. What is done with the batches is the subscriber's to
 * remember: it resumes with `after` at the last position done. Throws what reading throws.
 */
export async function* subscribe(
  store: Pick<EventStore, 'readLog'>,
  wakeup: Wakeup,
  { after, batchSizeMax, batchBytesMax, signal }: SubscriptionOptions,
): AsyncGenerator<readonly RecordedEvent[], void> {
  let position = after;
  while (!signal.aborted) {
    const { hints } = wakeup;
    const events = await store.readLog(position, batchSizeMax, batchBytesMax);
    for (const event of events) {
      // Dense positions are the log's first promise: a subscriber must not go on past a break.
      position += 1;
      if (event.position !== position) throw new Error(`the log has no position ${position}`);
    }
    yield events;
    if (events.length === 0) await wakeup.next(hints, signal);
  }
}
