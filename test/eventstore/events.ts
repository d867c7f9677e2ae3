/** What the tests of the event store append. */
import { randomUUID } from 'node:crypto';
import type { Append, NewEvent } from '../../src/eventstore/event-store.ts';

/** An event of no aggregate. */
export function event(data: object = {}, id: string = randomUUID()): NewEvent {
  return {
    id,
    type: 'Tested',
    schema_version: 1,
    data,
    metadata: { correlation_id: 'c', recorded_by: 'test' },
  };
}

/** `count` of them. */
export function events(count: number): NewEvent[] {
  return Array.from({ length: count }, () => event());
}

export function append(
  stream: string,
  events: readonly NewEvent[],
  expectedVersion: Append['expectedVersion'] = 'any',
): Append {
  return { stream, expectedVersion, events };
}
