/** An operation: what an actor says it is doing, to what end, and whether it goes on. */
import { Type } from 'typebox';
import { Equal } from 'typebox/value';
import {
  type AnyDecisionCode,
  type CommandOf,
  type Decider,
  decideBy,
  type EventOf,
  Rejection,
} from './decider.ts';
import { ofOtherConflict } from './own-conflict.ts';
import { isSaid, remember, type Said } from './said.ts';
import { ActorId, attributed, EntityId, located, strictObject, Text } from './vocabulary.ts';

const said = { ...attributed, actor_id: ActorId };
const declaration = { ...said, ...located, name: Type.Optional(Text), goal: Text };
const reaffirmation = { ...said, goal: Text };
const goalChange = { ...said, goal: Text, stated_reason: Type.Optional(Text) };
const ending = { ...said, outcome: Type.Optional(Text), stated_reason: Type.Optional(Text) };

export const operationEvents = {
  OperationDeclared: Type.Object({ operation_id: EntityId, ...declaration }),
  OperationGoalReaffirmed: Type.Object({ operation_id: EntityId, ...reaffirmation }),
  OperationGoalChanged: Type.Object({ operation_id: EntityId, ...goalChange }),
  OperationEnded: Type.Object({ operation_id: EntityId, ...ending }),
};
export type OperationEvent = EventOf<typeof operationEvents>;
type DataOf<T extends OperationEvent['type']> = Extract<OperationEvent, { type: T }>['data'];

type State = {
  readonly conflictId?: string;
  readonly actorId?: string;
  readonly declared?: DataOf<'OperationDeclared'>;
  readonly ended?: DataOf<'OperationEnded'>;
  readonly said: Said;
};

export const operationCommands = {
  DeclareOperation: strictObject(declaration),
  ReaffirmGoal: strictObject(reaffirmation),
  ChangeGoal: strictObject(goalChange),
  EndOperation: strictObject(ending),
};
export type OperationCommand = CommandOf<typeof operationCommands>;
export type OperationRejection =
  | AnyDecisionCode
  | 'operation-declared-otherwise'
  | 'operation-ended'
  | 'operation-of-other-conflict'
  | 'operation-of-other-actor';

/**
 * `operation-{id}`: declared once; reaffirmed, changed or ended without a declaration on record
 * too, for logs begin mid-war. Ended is final.
 */
export const operation: Decider<State, OperationCommand, OperationEvent, OperationRejection> = {
  category: 'operation',
  initialState: { said: null },
  evolve: {
    OperationDeclared: (state, data) => ({
      ...after(state, 'OperationDeclared', data),
      declared: data,
    }),
    OperationGoalReaffirmed: (state, data) => after(state, 'OperationGoalReaffirmed', data),
    OperationGoalChanged: (state, data) => after(state, 'OperationGoalChanged', data),
    OperationEnded: (state, data) => ({ ...after(state, 'OperationEnded', data), ended: data }),
  },
  decide: decideBy<State, OperationCommand, OperationEvent, OperationRejection>({
    DeclareOperation: (data, state, operation_id) => {
      const event = { type: 'OperationDeclared', data: { operation_id, ...data } } as const;
      if (state.declared === undefined) return unlessEnded(state, event);
      if (Equal(state.declared, event.data)) return [];
      return new Rejection('operation-declared-otherwise', 'it was declared with other content');
    },
    ReaffirmGoal: (data, state, operation_id) =>
      unlessEnded(state, { type: 'OperationGoalReaffirmed', data: { operation_id, ...data } }),
    ChangeGoal: (data, state, operation_id) =>
      unlessEnded(state, { type: 'OperationGoalChanged', data: { operation_id, ...data } }),
    EndOperation: (data, state, operation_id) =>
      unlessEnded(state, { type: 'OperationEnded', data: { operation_id, ...data } }),
  }),
};

function after(state: State, type: OperationEvent['type'], data: OperationEvent['data']): State {
  return {
    ...state,
    conflictId: data.conflict_id,
    actorId: data.actor_id,
    said: remember(state.said, type, data),
  };
}

function unlessEnded(state: State, event: OperationEvent) {
  if (isSaid(state.said, event, hasOtherGoal)) return [];
  const { conflictId = event.data.conflict_id, actorId = event.data.actor_id } = state;
  if (event.data.conflict_id !== conflictId) {
    const detail = `the operation is of ${conflictId}`;
    return ofOtherConflict('operation-of-other-conflict', 'operation', detail);
  }
  if (event.data.actor_id !== actorId) {
    return new Rejection('operation-of-other-actor', `the operation is of ${actorId}`, [
      { pointer: '/actor_id', detail: 'is not the actor of the operation' },
    ]);
  }
  if (state.ended !== undefined) {
    return new Rejection('operation-ended', 'the operation has ended, which is final');
  }
  return [event];
}

// What says nothing of the goal leaves it as it is.
function hasOtherGoal({ data: one }: OperationEvent, { data: other }: OperationEvent): boolean {
  return 'goal' in one && 'goal' in other && one.goal !== other.goal;
}
