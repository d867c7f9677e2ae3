/** What an aggregate is here: pure functions from a history and a command to new events. */
import type { Static, TObject, TSchema } from 'typebox';
import type { Reference } from './references.ts';
import { type Fault, timeFaults } from './times.ts';

/** The schemas of one aggregate's events, keyed by event type. */
export type EventSchemas = Readonly<Record<string, TSchema>>;

/** The union of events that `S` describes. */
export type EventOf<S extends EventSchemas> = {
  [T in keyof S & string]: { readonly type: T; readonly data: Static<S[T]> };
}[keyof S & string];

/**
 * How an event's data of an older shape becomes the next one: the first entry lifts version 1 to 2,
 * and so on. The current version is one more than there are entries.
 */
export type Upcasters<S extends EventSchemas> = {
  readonly [T in keyof S & string]?: readonly ((
    data: Record<string, unknown>,
  ) => Record<string, unknown>)[];
};

/** The schemas of what one aggregate's commands carry, keyed by command type. */
export type CommandSchemas = Readonly<Record<string, TObject>>;

/** The union of commands that `S` describes; `id` is the instance's. */
export type CommandOf<S extends CommandSchemas> = {
  [T in keyof S & string]: {
    readonly type: T;
    readonly id: string;
    readonly data: Static<S[T]>;
  };
}[keyof S & string];

/** One handler per event type: a missing one does not compile. */
export type Evolve<State, Event extends { type: string; data: unknown }> = {
  readonly [T in Event['type']]: (state: State, data: Extract<Event, { type: T }>['data']) => State;
};

/** One handler per command type. */
export type Decisions<State, Command extends { type: string; data: unknown }, Event, Code> = {
  readonly [T in Command['type']]: (
    data: Extract<Command, { type: T }>['data'],
    state: State,
    id: string,
    others: ReadonlyMap<string, State>,
  ) => readonly Event[] | Rejection<Code & string>;
};

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
 * command. What `dependsOn` asked for comes as `others`, by id.
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
  readonly decide: (
    command: Command,
    state: State,
    others?: ReadonlyMap<string, State>,
  ) => readonly Event[] | Rejection<Code>;
  /** What the command points to beyond what its schema marks; see `findReferences`. */
  readonly references?: (command: Command, state: State) => readonly Reference[];
  /**
   * Ids of other instances that the decision depends on and `others` lacks: asked for again with
   * these, until it is none. They may change before the events are appended.
   */
  readonly dependsOn?: (command: Command, others: ReadonlyMap<string, State>) => readonly string[];
};

/** The code of what no command may say, whatever the aggregate. */
export type AnyDecisionCode = 'times-impossible';

/** A `decide` of one handler per command type; refuses first what no command may say. */
export function decideBy<
  State,
  Command extends { type: string; id: string; data: unknown },
  Event,
  Code extends string,
>(decisions: Decisions<State, Command, Event, Code>) {
  return (
    command: Command,
    state: State,
    others: ReadonlyMap<string, State> = new Map(),
  ): readonly Event[] | Rejection<Code | AnyDecisionCode> => {
    const refusal = impossibleTimes(timeFaults(command.data as object));
    if (refusal !== undefined) return refusal;
    const decision = decisions[command.type as Command['type']];
    return decision(command.data as never, state, command.id, others);
  };
}

/** The refusal of times with these faults; none where there are none. */
export function impossibleTimes(faults: readonly Fault[]): Rejection<AnyDecisionCode> | undefined {
  if (faults.length === 0) return undefined;
  return new Rejection('times-impossible', 'the times cannot be so', faults);
}

/** The state after `events`, from the initial one. */
export function fold<State, Event extends { type: string; data: unknown }>(
  decider: Pick<Decider<State, never, Event, string>, 'initialState' | 'evolve'>,
  events: Iterable<Event>,
): State {
  return foldOnto(decider, decider.initialState, events);
}

/** The state after `events`, from `state`. */
export function foldOnto<State, Event extends { type: string; data: unknown }>(
  decider: Pick<Decider<State, never, Event, string>, 'evolve'>,
  state: State,
  events: Iterable<Event>,
): State {
  let evolved = state;
  for (const event of events) {
    const handler = decider.evolve[event.type as Event['type']];
    evolved = handler(evolved, event.data as never);
  }
  return evolved;
}

/** The stream of an aggregate's instance: `category-id`. */
export function streamOf(category: string, id: string): string {
  // Joined, not concatenated: that V8 would keep in pieces until the name is looked up by.
  return [category, id].join('-');
}
