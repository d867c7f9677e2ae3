/** Actors by the hundred, some of them renamed at once. */
import { randomUUID } from 'node:crypto';
import type { EventStore } from '../../src/eventstore/event-store.ts';

/** Appends `count` events, an even number: actors `a{from}` on, each registered and renamed. */
export async function appendActors(store: EventStore, count: number, from = 0): Promise<void> {
  const metadata = { correlation_id: 'c', recorded_by: 'test' };
  const event = (type: string, data: object) => {
    return { id: randomUUID(), type, schema_version: 1, data, metadata };
  };
  const appends = Array.from({ length: count / 2 }, (_, i) => {
    const actor_id = `a${from + i}`;
    return store.append({
      stream: `actor-${actor_id}`,
      expectedVersion: 0,
      events: [
        event('ActorRegistered', { actor_id, name: actor_id, kind: 'agency' }),
        event('ActorRenamed', { actor_id, name: `${actor_id}, once more` }),
      ],
    });
  });
  await Promise.all(appends);
}
