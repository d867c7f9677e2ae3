/**
 * An actor: a state, force, ministry, official, agency, outlet or assessor that says or does
 * things.
 */
import { Type } from 'typebox';
import { type CommandOf, type Decider, decideBy, type EventOf, Rejection } from './decider.ts';
import { type RegistryRejection, registerOnce } from './registry.ts';
import {
  ActorId,
  code,
  EntityId,
  ExternalId,
  list,
  Moment,
  strictObject,
  Text,
} from './vocabulary.ts';

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
const renaming = { name: Text, since: Type.Optional(Moment) };

export const actorEvents = {
  ActorRegistered: Type.Object({ actor_id: EntityId, ...body }),
  ActorRenamed: Type.Object({ actor_id: EntityId, ...renaming }),
};
export type ActorEvent = EventOf<typeof actorEvents>;

type Registered = Extract<ActorEvent, { type: 'ActorRegistered' }>['data'];
type State = { readonly registered?: Registered; readonly name?: string };

export const actorCommands = {
  RegisterActor: strictObject(body),
  RenameActor: strictObject(renaming),
};
export type ActorCommand = CommandOf<typeof actorCommands>;
export type ActorRejection = RegistryRejection | 'actor-unknown';

/** `actor-{id}`: registered once, then renamed; the name it has already is no news. */
export const actor: Decider<State, ActorCommand, ActorEvent, ActorRejection> = {
  category: 'actor',
  initialState: {},
  evolve: {
    ActorRegistered: (_state, data) => ({ registered: data, name: data.name }),
    ActorRenamed: (state, { name }) => ({ ...state, name }),
  },
  decide: decideBy<State, ActorCommand, ActorEvent, ActorRejection>({
    RegisterActor: (data, { registered }, actor_id) =>
      registerOnce(registered, { type: 'ActorRegistered', data: { actor_id, ...data } }),
    RenameActor: (data, { registered, name }, actor_id) => {
      if (registered === undefined) return new Rejection('actor-unknown', 'there is no such actor');
      return name === data.name ? [] : [{ type: 'ActorRenamed', data: { actor_id, ...data } }];
    },
  }),
};
