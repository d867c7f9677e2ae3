/** A conflict: the frame that every claim and act of a war belongs to. */
import { type Static, Type } from 'typebox';
import type { Decider, EventOf } from './decider.ts';
import { registerOnce } from './registry.ts';
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

type State = { registered?: ConflictEvent['data'] };

export const RegisterConflict = strictObject(body);
export type ConflictCommand = {
  readonly type: 'RegisterConflict';
  readonly id: string;
  readonly data: Static<typeof RegisterConflict>;
};
export type ConflictRejection = 'registered-otherwise';

/** `conflict-{id}`: registered once. */
export const conflict: Decider<State, ConflictCommand, ConflictEvent, ConflictRejection> = {
  category: 'conflict',
  initialState: {},
  evolve: {
    ConflictRegistered: (_state, data) => ({ registered: data }),
  },
  decide: (command, state) =>
    registerOnce(state.registered, {
      type: 'ConflictRegistered',
      data: { conflict_id: command.id, ...command.data },
    }),
};
