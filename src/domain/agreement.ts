/** An agreement: a ceasefire, what becomes of it, and exchanges of prisoners. */
import { type Static, Type } from 'typebox';
import { Equal } from 'typebox/value';
import {
  type AnyDecisionCode,
  type CommandOf,
  type Decider,
  decideBy,
  type EventOf,
  Rejection,
} from './decider.ts';
import { ofOwnConflict } from './own-conflict.ts';
import { deriveBounds, impossible, Quantity, QuantitySaid, quantityFaults } from './quantity.ts';
import { isSaid, remember, type Said } from './said.ts';
import { endsBefore } from './times.ts';
import {
  ActorId,
  attributed,
  EntityId,
  list,
  located,
  Moment,
  strictObject,
  Text,
} from './vocabulary.ts';

const fact = { ...attributed, ...located };
const ceasefire = {
  ...fact,
  parties: list(ActorId, 2),
  effective_from: Type.Optional(Moment),
  effective_to: Type.Optional(Moment),
  terms: Type.Optional(Text),
};
const violation = { ...fact, by_id: ActorId, form: Type.Optional(Text) };
const ending = { ...fact, by_id: Type.Optional(ActorId), stated_reason: Type.Optional(Text) };
// How many of theirs each party got back; names of prisoners are out of scope.
const returned = { party_id: ActorId };
const exchange = { ...fact, mediators: Type.Optional(list(ActorId)) };

export const agreementEvents = {
  CeasefireAgreed: Type.Object({ agreement_id: EntityId, ...ceasefire }),
  CeasefireViolated: Type.Object({ agreement_id: EntityId, ...violation }),
  CeasefireEnded: Type.Object({ agreement_id: EntityId, ...ending }),
  PrisonersExchanged: Type.Object({
    agreement_id: EntityId,
    ...exchange,
    returned: list(Type.Object({ ...returned, quantity: Quantity }), 1),
  }),
};
export type AgreementEvent = EventOf<typeof agreementEvents>;
type DataOf<T extends AgreementEvent['type']> = Extract<AgreementEvent, { type: T }>['data'];

export const agreementCommands = {
  AgreeCeasefire: strictObject(ceasefire),
  ViolateCeasefire: strictObject(violation),
  EndCeasefire: strictObject(ending),
  ExchangePrisoners: strictObject({
    ...exchange,
    returned: list(strictObject({ ...returned, quantity: QuantitySaid }), 1),
  }),
};
export type AgreementCommand = CommandOf<typeof agreementCommands>;
export type AgreementRejection =
  | AnyDecisionCode
  | 'agreement-unknown'
  | 'agreed-otherwise'
  | 'exchanged-otherwise'
  | 'ceasefire-ended'
  | 'agreement-of-other-conflict'
  | 'quantity-impossible';

type State = {
  readonly conflictId?: string;
  readonly agreed?: DataOf<'CeasefireAgreed'>;
  readonly ended?: DataOf<'CeasefireEnded'>;
  readonly exchanged?: DataOf<'PrisonersExchanged'>;
  readonly said: Said;
};

/** `agreement-{id}`: agreed once; a violation or an end needs an agreement; ended is final. */
export const agreement: Decider<State, AgreementCommand, AgreementEvent, AgreementRejection> = {
  category: 'agreement',
  initialState: { said: null },
  evolve: {
    CeasefireAgreed: (state, data) => ({
      ...state,
      conflictId: data.conflict_id,
      agreed: data,
    }),
    CeasefireViolated: (state, data) => ({
      ...state,
      said: remember(state.said, 'CeasefireViolated', data),
    }),
    CeasefireEnded: (state, data) => ({ ...state, ended: data }),
    PrisonersExchanged: (state, data) => ({
      ...state,
      conflictId: data.conflict_id,
      exchanged: data,
    }),
  },
  decide: decideBy<State, AgreementCommand, AgreementEvent, AgreementRejection>({
    AgreeCeasefire: (data, state, agreement_id) => {
      const { effective_from: from, effective_to: to } = data;
      if (from !== undefined && to !== undefined && endsBefore(from, to)) {
        return new Rejection('times-impossible', 'the times cannot be so', [
          { pointer: '/effective_to', detail: 'is before effective_from' },
        ]);
      }
      const event = { type: 'CeasefireAgreed', data: { agreement_id, ...data } } as const;
      if (state.agreed === undefined) return ofThisConflict(state, event);
      if (Equal(state.agreed, event.data)) return [];
      return new Rejection('agreed-otherwise', 'this was agreed with other content');
    },
    ViolateCeasefire: (data, state, agreement_id) => {
      const event = { type: 'CeasefireViolated', data: { agreement_id, ...data } } as const;
      return isSaid(state.said, event) ? [] : underAgreement(state, event);
    },
    EndCeasefire: (data, state, agreement_id) => {
      const event = { type: 'CeasefireEnded', data: { agreement_id, ...data } } as const;
      return Equal(state.ended, event.data) ? [] : underAgreement(state, event);
    },
    ExchangePrisoners: (data, state, agreement_id) => {
      const faults = data.returned.flatMap(({ quantity }, i) =>
        quantityFaults(quantity, `/returned/${i}/quantity`, true),
      );
      const refusal = impossible(faults);
      if (refusal !== undefined) return refusal;
      const event = {
        type: 'PrisonersExchanged',
        data: { agreement_id, ...data, returned: withBounds(data.returned) },
      } as const;
      if (state.exchanged === undefined) return ofThisConflict(state, event);
      if (Equal(state.exchanged, event.data)) return [];
      return new Rejection('exchanged-otherwise', 'this exchange is recorded with other content');
    },
  }),
};

function underAgreement(state: State, event: AgreementEvent) {
  if (state.agreed === undefined) {
    return new Rejection('agreement-unknown', 'there is no such ceasefire');
  }
  if (state.ended !== undefined) {
    return new Rejection('ceasefire-ended', 'the ceasefire has ended, which is final');
  }
  return ofThisConflict(state, event);
}

function ofThisConflict(state: State, event: AgreementEvent) {
  return ofOwnConflict(state.conflictId, event, 'agreement-of-other-conflict', 'agreement');
}

function withBounds(returned: Static<typeof agreementCommands.ExchangePrisoners>['returned']) {
  return returned.map((one) => ({ ...one, quantity: deriveBounds(one.quantity) }));
}
