/** A claim: one proposition by one claimant at one time, and what assessors made of it. */
import { type Static, Type } from 'typebox';
import { Equal } from 'typebox/value';
import { type Decider, type EventOf, Rejection } from './decider.ts';
import { Proposition, PropositionSaid } from './proposition.ts';
import { deriveBounds, quantityFaults } from './quantity.ts';
import {
  ActorId,
  attributed,
  code,
  EntityId,
  list,
  located,
  strictObject,
  Text,
} from './vocabulary.ts';

const claimed = { ...attributed, ...located };
const assessed = {
  ...attributed,
  assessor_id: ActorId,
  verdict: code('could_not_verify', 'corroborated', 'disputed', 'verified', 'refuted'),
  // The Admiralty code (NATO STANAG 2511): reliability of the source, credibility of the
  // information.
  source_reliability: Type.Optional(code('A', 'B', 'C', 'D', 'E', 'F')),
  information_credibility: Type.Optional(Type.Integer({ minimum: 1, maximum: 6 })),
  method: Type.Optional(Text),
  evidence: Type.Optional(list(Text)),
};

export const claimEvents = {
  ClaimMade: Type.Object({ claim_id: EntityId, ...claimed, proposition: Proposition }),
  ClaimAssessed: Type.Object({ claim_id: EntityId, ...assessed }),
};
export type ClaimEvent = EventOf<typeof claimEvents>;
export type ClaimMade = Static<typeof claimEvents.ClaimMade>;
export type ClaimAssessed = Static<typeof claimEvents.ClaimAssessed>;

type State = { made?: ClaimMade; verdicts: Readonly<Record<string, string>> };

export const MakeClaim = strictObject({ ...claimed, proposition: PropositionSaid });
export const AssessClaim = strictObject(assessed);
export type ClaimCommand =
  | { readonly type: 'MakeClaim'; readonly id: string; readonly data: Static<typeof MakeClaim> }
  | {
      readonly type: 'AssessClaim';
      readonly id: string;
      readonly data: Static<typeof AssessClaim>;
    };
export type ClaimRejection =
  | 'claim-unknown'
  | 'claim-made-otherwise'
  | 'claim-of-other-conflict'
  | 'quantity-impossible';

/** `claim-{id}`: made once; an assessor's verdict, repeated, is no news. */
export const claim: Decider<State, ClaimCommand, ClaimEvent, ClaimRejection> = {
  category: 'claim',
  initialState: { verdicts: {} },
  evolve: {
    ClaimMade: (state, data) => ({ ...state, made: data }),
    ClaimAssessed: (state, data) => ({
      ...state,
      verdicts: { ...state.verdicts, [data.assessor_id]: data.verdict },
    }),
  },
  decide: (command, state) =>
    command.type === 'MakeClaim'
      ? make(command.id, command.data, state)
      : assess(command.id, command.data, state),
};

function make(id: string, said: Static<typeof MakeClaim>, state: State) {
  const faults =
    'quantity' in said.proposition
      ? quantityFaults(said.proposition.quantity, '/proposition/quantity')
      : [];
  if (faults.length > 0) {
    return new Rejection('quantity-impossible', 'the quantity cannot be so', faults);
  }
  const data: ClaimMade = { claim_id: id, ...said, proposition: withBounds(said.proposition) };
  if (state.made === undefined) return [{ type: 'ClaimMade', data } as const];
  if (Equal(state.made, data)) return [];
  return new Rejection('claim-made-otherwise', 'this claim was made with other content');
}

function assess(id: string, data: Static<typeof AssessClaim>, state: State) {
  if (state.made === undefined) return new Rejection('claim-unknown', 'there is no such claim');
  if (state.made.conflict_id !== data.conflict_id) {
    return new Rejection('claim-of-other-conflict', `the claim is of ${state.made.conflict_id}`, [
      { pointer: '/conflict_id', detail: 'is not the conflict of the claim' },
    ]);
  }
  if (state.verdicts[data.assessor_id] === data.verdict) return [];
  return [{ type: 'ClaimAssessed', data: { claim_id: id, ...data } } as const];
}

function withBounds(said: PropositionSaid): Proposition {
  return 'quantity' in said ? { ...said, quantity: deriveBounds(said.quantity) } : said;
}
