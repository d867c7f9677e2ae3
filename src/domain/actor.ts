/**
 * An actor: a state, force, ministry, official, agency, outlet or assessor that says or does
 * things.
 */
import { type Static, Type } from 'typebox';
import type { Decider, EventOf } from './decider.ts';
import { registerOnce } from './registry.ts';
import { ActorId, code, EntityId, ExternalId, list, strictObject, Text } from './vocabulary.ts';

const body = {
  name: Text,
  kind: code(
    'state',
    'armed_force',
    'ministry',
    'official',
    'agency',
    'outlet',
    'assessor',
    'organisation',
  ),
  part_of: Type.Optional(ActorId),
  external_ids: Type.Optional(list(ExternalId)),
};

export const actorEvents = {
  ActorRegistered: Type.Object({ actor_id: EntityId, ...body }),
};
export type ActorEvent = EventOf<typeof actorEvents>;

type State = { registered?: ActorEvent['data'] };

export const RegisterActor = strictObject(body);
export type ActorCommand = {
  readonly type: 'RegisterActor';
  readonly id: string;
  readonly data: Static<typeof RegisterActor>;
};
export type ActorRejection = 'registered-otherwise';

/** `actor-{id}`: registered once. */
export const actor: Decider<State, ActorCommand, ActorEvent, ActorRejection> = {
  category: 'actor',
  initialState: {},
  evolve: {
    ActorRegistered: (_state, data) => ({ registered: data }),
  },
  decide: (command, state) =>
    registerOnce(state.registered, {
      type: 'ActorRegistered',
      data: { actor_id: command.id, ...command.data },
    }),
};
