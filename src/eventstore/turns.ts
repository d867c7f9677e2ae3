/**
 * Turns: who has met others on a stream writes to it after those that met before, so that many
 * writers of one stream do not lose against each other again and again. Who never meets another
 * takes none.
 */
import type { EventStore } from './event-store.ts';

export type Turns = {
  /** Whether someone has a turn, or waits for one. */
  areTaken(stream: string): boolean;
  /** Waits until those before are done; what it answers with is to be called in the end. */
  take(stream: string): Promise<() => void>;
};

const turnsOfStores = new WeakMap<EventStore, Turns>();

/** The turns of all who write to `store`. */
export function turnsOf(store: EventStore): Turns {
  const known = turnsOfStores.get(store);
  if (known !== undefined) return known;
  const made = turns();
  turnsOfStores.set(store, made);
  return made;
}

function turns(): Turns {
  /** By stream, the end of the last turn that was asked for. */
  const ends = new Map<string, Promise<void>>();
  return {
    areTaken: (stream) => ends.size > 0 && ends.has(stream),
    async take(stream) {
      const before = ends.get(stream);
      const { promise: end, resolve } = Promise.withResolvers<void>();
      ends.set(stream, end);
      await before;
      return () => {
        if (ends.get(stream) === end) ends.delete(stream);
        resolve();
      };
    },
  };
}
