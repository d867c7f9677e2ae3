/** The stances of a negotiation's parties, and the state of an operation: the latest word. */
import type { DataOf } from '../domain/catalogue.ts';
import type { NegotiationEvent } from '../domain/negotiation.ts';
import type { OperationEvent } from '../domain/operation.ts';
import type { EventFact } from './projection.ts';

/** Who said it, when, and by which event. */
type Word = {
  readonly stated_by: string;
  readonly asserted_at: string | null;
  readonly event_id: string;
  /** What words are ordered by: when it was said, or else recorded. */
  readonly said_at: string;
};
export type Stance = Word & {
  readonly party_id: string;
  readonly counterpart_id: string;
  readonly stance: string;
  readonly reason?: string;
};
export type OperationState = Word & {
  readonly operation_id: string;
  readonly conflict_id: string;
  readonly actor_id: string;
  readonly state: 'ongoing' | 'ended';
  readonly goal: string | null;
};
export type NegotiationState = {
  readonly negotiation_id: string;
  readonly conflict_id: string;
  readonly stances: readonly Stance[];
};
export type NegotiationFact = {
  [T in NegotiationEvent['type']]: EventFact<T>;
}[NegotiationEvent['type']];
export type OperationFact = EventFact<OperationEvent['type']>;

type Course =
  | 'NegotiationStarted'
  | 'NegotiationSuspended'
  | 'NegotiationResumed'
  | 'NegotiationConcluded';
const stanceOfCourse: Readonly<Record<Course, string>> = {
  NegotiationStarted: 'ongoing',
  NegotiationSuspended: 'suspended',
  NegotiationResumed: 'ongoing',
  NegotiationConcluded: 'concluded',
};

/** The stances after an event; a word that was said before another does not replace it. */
export function negotiationAfter(
  before: NegotiationState | undefined,
  event: NegotiationFact,
): NegotiationState {
  const { negotiation_id, conflict_id } = event.data;
  const known = before?.stances ?? [];
  const stances = stancesOf(event, known).reduce((all, stance) => {
    const same = all.find((one) => pairOf(one) === pairOf(stance));
    if (same !== undefined && isBefore(stance, same)) return all;
    return [...all.filter((one) => one !== same), stance];
  }, known);
  return { negotiation_id, conflict_id, stances };
}

/** The operation after an event; ended is final. */
export function operationAfter(
  before: OperationState | undefined,
  event: OperationFact,
): OperationState {
  const { operation_id, conflict_id, actor_id } = event.data;
  const word = wordOf(event);
  const ends = event.type === 'OperationEnded';
  if (before !== undefined && !ends && isBefore(word, before)) return before;
  const goal = 'goal' in event.data ? event.data.goal : (before?.goal ?? null);
  const state = ends ? 'ended' : 'ongoing';
  return { operation_id, conflict_id, actor_id, state, goal, ...word };
}

function stancesOf(event: NegotiationFact, known: readonly Stance[]): Stance[] {
  const word = wordOf(event);
  const { stated_reason: reason } = event.data;
  const why = reason === undefined ? {} : { reason };
  if (!isCourse(event)) {
    const { party_id, counterpart_id } = event.data as DataOf<'NegotiationProposed'>;
    const stance = 'stance' in event.data ? event.data.stance : 'open';
    return [{ party_id, counterpart_id, stance, ...word, ...why }];
  }
  const stance = stanceOfCourse[event.type];
  const { parties = [] } = event.data;
  const pairs = parties.flatMap((party_id) =>
    parties
      .filter((counterpart_id) => counterpart_id !== party_id)
      .map((counterpart_id) => ({ party_id, counterpart_id })),
  );
  // Whose talks they are may have been said before.
  return (pairs.length > 0 ? pairs : known).map(({ party_id, counterpart_id }) => {
    return { party_id, counterpart_id, stance, ...word, ...why };
  });
}

function isCourse(event: NegotiationFact): event is Extract<NegotiationFact, { type: Course }> {
  return Object.hasOwn(stanceOfCourse, event.type);
}

function wordOf({ id, data, recorded_at }: NegotiationFact | OperationFact): Word {
  return {
    stated_by: data.attribution.claimant_id,
    asserted_at: data.asserted_at ?? null,
    event_id: id,
    said_at: data.asserted_at ?? recorded_at,
  };
}

function isBefore(one: Word, other: Word): boolean {
  return Date.parse(one.said_at) < Date.parse(other.said_at);
}

function pairOf({ party_id, counterpart_id }: Stance): string {
  return `${party_id} ${counterpart_id}`;
}
