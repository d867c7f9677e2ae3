/** One reader of a feed for all who follow it in this process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { Wakeup } from '../eventstore/wakeup.ts';

/** How long until a feed that is behind the log, or cannot be read, is read again. */
const behindDelayMs = 50;
const backOffMs = 1_000;

/** What comes after a position, in order. */
export type FeedPage<Item> = {
  readonly items: readonly Item[];
  /** How far that is: all after it comes on later pages. */
  readonly through: number;
  /** Whether there was no more when it was read. */
  readonly isLast: boolean;
  /** Whether there is more in the log, which the feed has not come to yet. */
  readonly isBehind: boolean;
};

export type Follower<Item> = {
  /** Each page once, all after the position that it joined at. May be called no more after. */
  take(page: FeedPage<Item>): unknown;
};

export type FanOut<Item> = {
  /**
   * Has the follower take all that comes after `through` of the page that it read; false where it
   * first has to read more: those who follow are further, or nobody does and it was not the last.
   */
  join(follower: Follower<Item>, read: Pick<FeedPage<Item>, 'through' | 'isLast'>): boolean;
  leave(follower: Follower<Item>): void;
  /** Resolves once the feed is read no more, which is soon after the last one left. */
  ended(): Promise<void>;
};

/**
 * The feed is read as long as somebody follows it, once for all of them. A follower that joined
 * further on than the others gets pages of which it knows the beginning.
 */
export function fanOut<Item>(
  read: (after: number) => Promise<FeedPage<Item>>,
  openWakeup: () => Wakeup & { close(): Promise<void> },
  logger: FastifyBaseLogger,
): FanOut<Item> {
  const followers = new Set<Follower<Item>>();
  let ended = Promise.resolve();
  let run: { position: number; readonly stopping: AbortController } | undefined;

  const follow = async (own: NonNullable<typeof run>) => {
    const { signal } = own.stopping;
    const wakeup = openWakeup();
    while (!signal.aborted) {
      const { hints } = wakeup;
      try {
        const page = await read(own.position);
        if (signal.aborted) break;
        if (page.through > own.position) {
          own.position = page.through;
          for (const follower of followers) follower.take(page);
        } else if (page.isBehind) {
          await sleep(behindDelayMs, undefined, { signal }).catch(() => undefined);
        } else {
          await wakeup.next(hints, signal);
        }
      } catch (err) {
        logger.warn({ err }, 'a feed cannot be read for now');
        await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
      }
    }
    await wakeup.close();
  };

  return {
    join(follower, { through, isLast }) {
      if (run === undefined ? !isLast : through < run.position) return false;
      followers.add(follower);
      if (run === undefined) {
        run = { position: through, stopping: new AbortController() };
        const following = follow(run);
        ended = ended.then(() => following);
      }
      return true;
    },
    leave(follower) {
      followers.delete(follower);
      if (followers.size > 0) return;
      run?.stopping.abort();
      run = undefined;
    },
    ended: () => ended,
  };
}
