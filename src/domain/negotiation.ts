/** A negotiation: the stance each party takes towards the other, and the statement that set it. */
import { Type } from 'typebox';
import {
  type AnyDecisionCode,
  type CommandOf,
  type Decider,
  decideBy,
  type EventOf,
  Rejection,
} from './decider.ts';
import { isSoIn, leads, phaseFor } from './negotiation-phase.ts';
import { ofOwnConflict } from './own-conflict.ts';
import { inOrderRecorded, isSaid, remember, type Said } from './said.ts';
import {
  ActorId,
  AgreementId,
  attributed,
  code,
  EntityId,
  list,
  located,
  strictObject,
  Text,
} from './vocabulary.ts';

const stance = {
  ...attributed,
  party_id: ActorId,
  counterpart_id: ActorId,
  stated_reason: Type.Optional(Text),
  conditions: Type.Optional(Text),
};
const proposal = { ...stance, proposal: Type.Optional(Text) };
const rejection = { ...proposal, stance: code('no_prospect', 'rejected', 'conditional') };
const course = {
  ...attributed,
  ...located,
  parties: Type.Optional(list(ActorId)),
  mediators: Type.Optional(list(ActorId)),
  stated_reason: Type.Optional(Text),
};
const conclusion = {
  ...course,
  outcome: code('agreement', 'no_agreement', 'unknown'),
  agreement_id: Type.Optional(AgreementId),
};

export const negotiationEvents = {
  NegotiationProposed: Type.Object({ negotiation_id: EntityId, ...proposal }),
  NegotiationAccepted: Type.Object({ negotiation_id: EntityId, ...proposal }),
  NegotiationRejected: Type.Object({ negotiation_id: EntityId, ...rejection }),
  NegotiationStarted: Type.Object({ negotiation_id: EntityId, ...course }),
  NegotiationSuspended: Type.Object({ negotiation_id: EntityId, ...course }),
  NegotiationResumed: Type.Object({ negotiation_id: EntityId, ...course }),
  NegotiationConcluded: Type.Object({ negotiation_id: EntityId, ...conclusion }),
};
export type NegotiationEvent = EventOf<typeof negotiationEvents>;

export const negotiationCommands = {
  ProposeNegotiation: strictObject(proposal),
  AcceptNegotiation: strictObject(proposal),
  RejectNegotiation: strictObject(rejection),
  StartNegotiation: strictObject(course),
  SuspendNegotiation: strictObject(course),
  ResumeNegotiation: strictObject(course),
  ConcludeNegotiation: strictObject(conclusion),
};
export type NegotiationCommand = CommandOf<typeof negotiationCommands>;
export type NegotiationRejection =
  | AnyDecisionCode
  | 'party-is-counterpart'
  | 'negotiation-of-other-conflict'
  | 'negotiation-not-accepted'
  | 'negotiation-not-ongoing'
  | 'negotiation-not-suspended';

type State = { readonly conflictId?: string; readonly said: Said };

/**
 * `negotiation-{id}`: a start needs an acceptance that neither of the two has taken back later, a
 * resumption a suspension before it; a rejection is always allowed, for a stance needs no proposal.
 * Another source may say again what is so already.
 */
export const negotiation: Decider<
  State,
  NegotiationCommand,
  NegotiationEvent,
  NegotiationRejection
> = {
  category: 'negotiation',
  initialState: { said: null },
  evolve: {
    NegotiationProposed: (state, data) => after(state, { type: 'NegotiationProposed', data }),
    NegotiationAccepted: (state, data) => after(state, { type: 'NegotiationAccepted', data }),
    NegotiationRejected: (state, data) => after(state, { type: 'NegotiationRejected', data }),
    NegotiationStarted: (state, data) => after(state, { type: 'NegotiationStarted', data }),
    NegotiationSuspended: (state, data) => after(state, { type: 'NegotiationSuspended', data }),
    NegotiationResumed: (state, data) => after(state, { type: 'NegotiationResumed', data }),
    NegotiationConcluded: (state, data) => after(state, { type: 'NegotiationConcluded', data }),
  },
  decide: decideBy<State, NegotiationCommand, NegotiationEvent, NegotiationRejection>({
    ProposeNegotiation: (data, state, negotiation_id) =>
      takeStance(state, { type: 'NegotiationProposed', data: { negotiation_id, ...data } }),
    AcceptNegotiation: (data, state, negotiation_id) =>
      takeStance(state, { type: 'NegotiationAccepted', data: { negotiation_id, ...data } }),
    RejectNegotiation: (data, state, negotiation_id) =>
      takeStance(state, { type: 'NegotiationRejected', data: { negotiation_id, ...data } }),
    StartNegotiation: (data, state, negotiation_id) =>
      goOn(state, { type: 'NegotiationStarted', data: { negotiation_id, ...data } }),
    SuspendNegotiation: (data, state, negotiation_id) =>
      goOn(state, { type: 'NegotiationSuspended', data: { negotiation_id, ...data } }),
    ResumeNegotiation: (data, state, negotiation_id) =>
      goOn(state, { type: 'NegotiationResumed', data: { negotiation_id, ...data } }),
    ConcludeNegotiation: (data, state, negotiation_id) =>
      goOn(state, { type: 'NegotiationConcluded', data: { negotiation_id, ...data } }),
  }),
};

function after(state: State, { type, data }: NegotiationEvent): State {
  return { conflictId: data.conflict_id, said: remember(state.said, type, data) };
}

type Stance = Extract<NegotiationEvent, { data: { party_id: string } }>;

function takeStance(state: State, event: Stance) {
  if (event.data.party_id === event.data.counterpart_id) {
    return new Rejection('party-is-counterpart', 'a party does not negotiate with itself', [
      { pointer: '/counterpart_id', detail: 'is the party itself' },
    ]);
  }
  // The same words again are news where they would lead on: a proposal after a conclusion.
  const phase = phaseFor(event, wordsOf(state), 'said-by-then');
  const isNews =
    leads[event.type].from.includes(phase) || !isSaid(state.said, event, isOtherStance);
  return isNews ? ofThisConflict(state, event) : [];
}

function goOn(state: State, event: NegotiationEvent) {
  const { from, to } = leads[event.type];
  const words = wordsOf(state);
  const then = phaseFor(event, words, 'said-by-then');
  if (from.includes(then)) return ofThisConflict(state, event);
  // What a start, a suspension or an end follows upon is often told of only later.
  const now = event.type === 'NegotiationResumed' ? then : phaseFor(event, words, 'all');
  if (isSoIn(then, to) || isSoIn(now, to) || from.includes(now)) {
    return isSaid(state.said, event) ? [] : ofThisConflict(state, event);
  }
  if (event.type === 'NegotiationStarted') {
    return new Rejection('negotiation-not-accepted', 'a start needs an acceptance before it');
  }
  if (event.type === 'NegotiationResumed') {
    return new Rejection('negotiation-not-suspended', 'a resumption needs a suspension before it');
  }
  return new Rejection('negotiation-not-ongoing', 'the negotiation has not started');
}

function ofThisConflict(state: State, event: NegotiationEvent) {
  return ofOwnConflict(state.conflictId, event, 'negotiation-of-other-conflict', 'negotiation');
}

// A stream holds the facts of one aggregate.
function wordsOf({ said }: State) {
  return inOrderRecorded(said) as NegotiationEvent[];
}

// By one party towards one other; what the talks come to is no party's word.
function isOtherStance(one: NegotiationEvent, { type, data }: Stance): boolean {
  if (!('party_id' in one.data)) return false;
  const isOfPair =
    one.data.party_id === data.party_id && one.data.counterpart_id === data.counterpart_id;
  const stanceOf = (said: object) => ('stance' in said ? said.stance : undefined);
  return isOfPair && (one.type !== type || stanceOf(one.data) !== stanceOf(data));
}
