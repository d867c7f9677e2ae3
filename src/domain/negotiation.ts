/** A negotiation: the stance each party takes towards the other, and the statement that set it. */
import { type Static, Type } from 'typebox';
import { type Decider, type EventOf, Rejection } from './decider.ts';
import { ActorId, attributed, code, EntityId, strictObject, Text } from './vocabulary.ts';

const rejection = {
  ...attributed,
  party_id: ActorId,
  counterpart_id: ActorId,
  stance: code('no_prospect', 'rejected', 'conditional'),
  stated_reason: Type.Optional(Text),
  conditions: Type.Optional(Text),
  proposal: Type.Optional(Text),
};

export const negotiationEvents = {
  NegotiationRejected: Type.Object({ negotiation_id: EntityId, ...rejection }),
};
export type NegotiationEvent = EventOf<typeof negotiationEvents>;

export const RejectNegotiation = strictObject(rejection);
export type NegotiationCommand = {
  readonly type: 'RejectNegotiation';
  readonly id: string;
  readonly data: Static<typeof RejectNegotiation>;
};
export type NegotiationRejection = 'party-is-counterpart';

/** `negotiation-{id}`: a rejection is always allowed, for a stance needs no proposal. */
export const negotiation: Decider<
  null,
  NegotiationCommand,
  NegotiationEvent,
  NegotiationRejection
> = {
  category: 'negotiation',
  initialState: null,
  evolve: { NegotiationRejected: () => null },
  decide: (command) => {
    if (command.data.party_id === command.data.counterpart_id) {
      return new Rejection('party-is-counterpart', 'a party does not negotiate with itself', [
        { pointer: '/counterpart_id', detail: 'is the party itself' },
      ]);
    }
    return [{ type: 'NegotiationRejected', data: { negotiation_id: command.id, ...command.data } }];
  },
};
