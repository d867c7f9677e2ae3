/** Steps decided as commands, in bulk; the id of each event follows from what the step says. */
import { v5 as uuidv5 } from 'uuid';
import { acts } from '../domain/acts.ts';
import { Rejection } from '../domain/decider.ts';
import type { EventStore, Metadata } from '../eventstore/event-store.ts';
import type { Execution, Outcome } from '../eventstore/execute.ts';
import { executeAll } from '../eventstore/execute-all.ts';
import { commandFaults } from '../http/cloud-events.ts';
import type { Step } from './changes.ts';

// Our own name space: an event's id follows from what it says, about what.
const eventNamespace = 'c2f0a3de-7c0f-4b9c-a0e4-9b1f6d2a7e35';

/** How many events a step led to, or why to none. */
export type StepOutcome =
  | { readonly type: string; readonly events: number }
  | { readonly code: string; readonly reason: string };

/** An outcome per step, in their order. */
export async function decideAll(
  store: EventStore,
  steps: readonly Step[],
  metadata: Metadata,
): Promise<StepOutcome[]> {
  const outcomes: (StepOutcome | undefined)[] = steps.map(({ said }) => {
    const [fault] = commandFaults(said.type, said);
    return fault && { code: 'malformed', reason: `${fault.pointer} ${fault.detail}` };
  });
  const fitting = steps.filter((_, i) => outcomes[i] === undefined);
  const decided = await executeAll(
    store,
    fitting.map((step) => executionOf(step, metadata)),
  );
  let next = 0;
  return steps.map((step, i) => {
    const known = outcomes[i];
    if (known !== undefined) return known;
    next += 1;
    return stepOutcome(step, decided[next - 1] as Outcome);
  });
}

function executionOf({ said: { type, id, data }, key }: Step, metadata: Metadata): Execution {
  // No step leads to more than one event; asked for several times, and a hash each time.
  let made: string | undefined;
  const eventId = (index: number) => {
    made ??= uuidv5(JSON.stringify([type, id, key]), eventNamespace);
    if (index > 0) throw new Error(`${type} of ${id} led to more than one event`);
    return made;
  };
  return {
    act: acts[type],
    id,
    data,
    eventId,
    metadata,
  };
}

function stepOutcome({ said }: Step, outcome: Outcome): StepOutcome {
  if (!(outcome instanceof Rejection)) {
    return { type: said.type, events: outcome.event_ids.length };
  }
  const faults = outcome.faults.map(({ pointer, detail }) => `${pointer} ${detail}`);
  const reason = [`${said.id}: ${outcome.detail}`, ...faults].join('; ');
  return { code: outcome.code, reason };
}
