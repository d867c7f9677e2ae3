/** What an aggregate is here: pure functions from a history and a command to new events. */
import type { Static, TSchema } from 'typebox';

/** The schemas of one aggregate's events, keyed by event type. */
export type EventSchemas = Readonly<Record<string, TSchema>>;

/** The union of events that `S` describes. */
export type EventOf<S extends EventSchemas> = {
  [T in keyof S & string]: { readonly type: T; readonly data: Static<S[T]> };
}[keyof S & string];

/** One handler per event type: a missing one does not compile. */
export type Evolve<State, Event extends { type: string; data: unknown }> = {
  readonly [T in Event['type']]: (state: State, data: Extract<Event, { type: T }>['data']) => State;
};

/** One place in a command that the domain refuses, by JSON pointer (RFC 6901) into the command. */
export type Fault = { readonly pointer: string; readonly detail: string };

/** The domain's no: an answer, not an exception. `code` is from the aggregate's closed union. */
export class Rejection<Code extends string = string> {
  readonly code: Code;
  readonly detail: string;
  readonly faults: readonly Fault[];

  constructor(code: Code, detail: string, faults: readonly Fault[] = []) {
    this.code = code;
    this.detail = detail;
    this.faults = faults;
  }
}

/**
 * An aggregate. `decide` answers with the events that follow from the command, with none where it
 * is already so, or with a `Rejection`. It reads no clock and makes no ids: both come with the
 * command.
 */
export type Decider<
  State,
  Command,
  Event extends { type: string; data: unknown },
  Code extends string,
> = {
  readonly category: string;
  readonly initialState: State;
  readonly evolve: Evolve<State, Event>;
  readonly decide: (command: Command, state: State) => readonly Event[] | Rejection<Code>;
};

/** The state after `events`, from the initial one. */
export function fold<State, Event extends { type: string; data: unknown }>(
  decider: Pick<Decider<State, never, Event, string>, 'initialState' | 'evolve'>,
  events: Iterable<Event>,
): State {
  let state = decider.initialState;
  for (const event of events) {
    const handler = decider.evolve[event.type as Event['type']];
    state = handler(state, event.data as never);
  }
  return state;
}

/** The stream of an aggregate's instance: `category-id`. */
export function streamOf(category: string, id: string): string {
  return `${category}-${id}`;
}
