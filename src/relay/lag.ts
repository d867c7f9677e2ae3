/** How far the topic is behind the log. Of positions: a topic's offsets count control records. */
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';

export type Lag = {
  readonly lag_events: number;
  /** How long the oldest event that is not on the topic has been in the log. */
  readonly lag_seconds: number;
};

/** The lag of a relay that has come to `position`. */
export async function readLag(
  store: Pick<EventStore, 'readLog'>,
  position: number,
  head: number,
): Promise<Lag> {
  if (position >= head) return { lag_events: 0, lag_seconds: 0 };
  const [oldest] = await store.readLog(position, 1, 1);
  const since = oldest === undefined ? Date.now() : Date.parse(oldest.recorded_at);
  // The clocks of two machines may differ.
  const lag_seconds = Math.max(0, (Date.now() - since) / 1_000);
  return { lag_events: head - position, lag_seconds };
}

/** What is kept of a topic. */
export type TopicProgress = Lag & {
  readonly partitions: number;
  readonly position: number;
  /** Why nothing is published until somebody mends it, and since when. */
  readonly last_error: string | null;
  readonly failed_at: string | null;
};

/** How far a topic is; null where nothing was published to it yet. */
export async function readTopicProgress(
  db: Db,
  store: Pick<EventStore, 'readLog'>,
  topic: string,
  head: number,
): Promise<TopicProgress | null> {
  const shown = await db
    .selectFrom('relay_topics')
    .select(['partitions', 'position', 'last_error', 'failed_at'])
    .where('topic', '=', topic)
    .executeTakeFirst();
  return shown === undefined ? null : { ...shown, ...(await readLag(store, shown.position, head)) };
}
