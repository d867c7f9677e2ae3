/** The states of other instances that a command's decision depends on; most depend on none. */
import { commandOf } from '../domain/acts.ts';
import { upcast } from '../domain/catalogue.ts';
import { fold, streamOf } from '../domain/decider.ts';
import type { EventStore } from './event-store.ts';
import type { Execution } from './execute.ts';

/** By id, as `decide` takes them. */
export type Others = ReadonlyMap<string, unknown>;

/** The streams that the decision surely asks for: what they hold may lead to more. */
export function streamsAskedFor({ act, id, data }: Execution): string[] {
  const { decider } = act;
  const ids = decider.dependsOn?.(commandOf(act, id, data), new Map()) ?? [];
  return ids.map((id) => streamOf(decider.category, id));
}

/**
 * What the decision depends on; undefined where it is nothing, so that nobody waits for that. Of
 * what `states` does not hold by stream, the store is asked.
 */
export function othersOf(
  store: EventStore,
  execution: Execution,
  states: (stream: string) => unknown = () => undefined,
): Promise<Others> | undefined {
  return streamsAskedFor(execution).length === 0 ? undefined : read(store, execution, states);
}

async function read(
  store: EventStore,
  { act, id, data }: Execution,
  states: (stream: string) => unknown,
): Promise<Others> {
  const { decider } = act;
  const command = commandOf(act, id, data);
  const others = new Map<string, unknown>();
  for (;;) {
    const ids = decider.dependsOn?.(command, others) ?? [];
    if (ids.length === 0) return others;
    for (const other of ids) {
      const stream = streamOf(decider.category, other);
      const state = states(stream) ?? fold(decider, (await store.readStream(stream)).map(upcast));
      others.set(other, state);
    }
  }
}
