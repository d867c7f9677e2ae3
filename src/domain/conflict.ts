/** A conflict: the frame that every claim and act of a war belongs to. */
import { Type } from 'typebox';
import { type CommandOf, type Decider, decideBy, type EventOf } from './decider.ts';
import { type RegistryRejection, registerOnce } from './registry.ts';
import { ActorId, EntityId, list, Moment, strictObject, Text } from './vocabulary.ts';

const body = {
  name: Text,
  parties: Type.Optional(list(ActorId)),
  started: Type.Optional(Moment),
};

export const conflictEvents = {
  ConflictRegistered: Type.Object({ conflict_id: EntityId, ...body }),
};
export type ConflictEvent = EventOf<typeof conflictEvents>;

type State = { readonly registered?: ConflictEvent['data'] };

export const conflictCommands = { RegisterConflict: strictObject(body) };
export type ConflictCommand = CommandOf<typeof conflictCommands>;

/** `conflict-{id}`: registered once. */
export const conflict: Decider<State, ConflictCommand, ConflictEvent, RegistryRejection> = {
  category: 'conflict',
  initialState: {},
  evolve: {
    ConflictRegistered: (_state, data) => ({ registered: data }),
  },
  decide: decideBy<State, ConflictCommand, ConflictEvent, RegistryRejection>({
    RegisterConflict: (data, { registered }, conflict_id) =>
      registerOnce(registered, { type: 'ConflictRegistered', data: { conflict_id, ...data } }),
  }),
};
