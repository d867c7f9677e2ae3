/** The states of other instances that a command's decision depends on; most depend on none. */
import { upcast } from '../domain/catalogue.ts';
import { fold, streamOf } from '../domain/decider.ts';
import type { EventStore } from './event-store.ts';
import type { Execution } from './execute.ts';

/** By id, as `decide` takes them. */
export type Others = ReadonlyMap<string, unknown>;

/** The streams that the decision surely asks for: what they hold may lead to more. */
export function streamsAskedFor(execution: Execution): string[] {
  const { decider } = execution.act;
  const ids = decider.dependsOn?.(commandOf(execution), new Map()) ?? [];
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
  execution: Execution,
  states: (stream: string) => unknown,
): Promise<Others> {
  const { decider } = execution.act;
  const command = commandOf(execution);
  const others = new Map<string, unknown>();
  for (;;) {
    const ids = decider.dependsOn?.(command, others) ?? [];
    if (ids.length === 0) return others;
    for (const id of ids) {
      const stream = streamOf(decider.category, id);
      const state = states(stream) ?? fold(decider, (await store.readStream(stream)).map(upcast));
      others.set(id, state);
    }
  }
}

function commandOf({ act, id, data }: Execution) {
  return { type: act.command, id, data };
}
