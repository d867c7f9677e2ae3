/** One client of a stream: what it has been sent, and what it has not taken yet. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FeedPage } from './fan-out.ts';

/** How much the streams of a process may take, units last. */
export const streamLimits = {
  streamsMax: 2_000,
  /**
   * Of what a client has not taken when more comes: one that lags further is dropped, and may come
   * again. What is held for it is this and a page.
   */
  bufferedBytesMax: 1024 * 1024,
  /** For how long a client may take nothing of what is there for it. */
  stillMaxMs: 60_000,
  heartbeatIntervalMs: 15_000,
  /** After which a client has to come again, with a key that is still good. */
  ageMaxMs: 3_600_000,
  /** When a client that lost its connection is to come again. */
  retryMs: 2_000,
};
export type StreamLimits = Readonly<typeof streamLimits>;

/** An item of a feed as it goes out. */
export type Sent = { readonly position: number; readonly data: unknown };

export type StreamClient = ReturnType<typeof streamClient>;

/**
 * What a client got, and what it is sent from here on: each item once, in order. `onOver` hears
 * that it is over, and why where it is we who end it.
 */
export function streamClient(
  raw: ServerResponse,
  limits: StreamLimits,
  onOver: (why?: string) => void,
) {
  const bornAt = performance.now();
  // How much it had taken, and when that was more than before.
  let taken = 0;
  let tookAt = bornAt;
  const over = (why?: string) => {
    if (client.isOver) return;
    client.isOver = true;
    onOver(why);
  };
  const client = {
    position: 0,
    isOver: false,

    /** Sends what it has not got of a page; `wanted` chooses from a page that is for all. */
    send<Item extends Sent>({ items, through }: FeedPage<Item>, wanted?: (item: Item) => boolean) {
      if (client.isOver) return;
      const isNew = items.filter(
        (one) => one.position > client.position && wanted?.(one) !== false,
      );
      client.position = Math.max(client.position, through);
      if (isNew.length > 0) raw.write(bytesOf(isNew, items));
    },

    /** Resolves when what was sent is taken, but for what the connection holds. */
    async drained() {
      if (!raw.writableNeedDrain || client.isOver) return;
      const settled = new AbortController();
      const { signal } = settled;
      await Promise.race([once(raw, 'drain', { signal }), once(raw, 'close', { signal })]);
      settled.abort();
    },

    /** Ends it where it has not taken what it was sent long before. */
    isTooSlow() {
      if (raw.writableLength <= limits.bufferedBytesMax) return false;
      client.cut(`more than ${limits.bufferedBytesMax} bytes are not taken`);
      return true;
    },

    caughtUp() {
      const { position } = client;
      raw.write(`event: caught-up\n${messageOf({ position, data: { position } })}`);
    },

    /** To be called at each interval: tells how far the stream is, and ends what has to end. */
    beat() {
      const now = performance.now();
      const { writableLength, socket } = raw;
      const takenNow = (socket?.bytesWritten ?? 0) - writableLength;
      if (writableLength === 0 || takenNow > taken) tookAt = now;
      taken = takenNow;
      if (now - tookAt > limits.stillMaxMs) return client.cut('it takes nothing');
      if (now - bornAt > limits.ageMaxMs) return client.end();
      raw.write(`: heartbeat\nid: ${client.position}\n\n`);
    },

    /** Half a message is no message: what was not taken comes again. */
    cut(why: string) {
      over(why);
      raw.destroy();
    },

    end() {
      if (raw.writableLength > 0) return client.cut('it ends before all is taken');
      over();
      raw.end();
    },
  };
  raw.on('error', () => over());
  raw.once('close', () => over());
  raw.write(`retry: ${limits.retryMs}\n\n`);
  return client;
}

/** A message: its id is the position that `Last-Event-ID` goes on after. */
function messageOf({ position, data }: Sent): string {
  return `id: ${position}\ndata: ${JSON.stringify(data)}\n\n`;
}

// Most clients get the whole of a page: its bytes are made once.
const made = new WeakMap<readonly Sent[], Buffer>();

function bytesOf(items: readonly Sent[], all: readonly Sent[]): Buffer {
  if (items.length < all.length) return Buffer.from(items.map(messageOf).join(''));
  const bytes = made.get(all) ?? Buffer.from(all.map(messageOf).join(''));
  made.set(all, bytes);
  return bytes;
}
