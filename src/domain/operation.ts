/** An operation: what an actor says it is doing, and whether it goes on. */
import { type Static, Type } from 'typebox';
import type { Decider, EventOf } from './decider.ts';
import { ActorId, attributed, EntityId, strictObject, Text } from './vocabulary.ts';

const reaffirmation = { ...attributed, actor_id: ActorId, goal: Text };

export const operationEvents = {
  OperationGoalReaffirmed: Type.Object({ operation_id: EntityId, ...reaffirmation }),
};
export type OperationEvent = EventOf<typeof operationEvents>;

export const ReaffirmGoal = strictObject(reaffirmation);
export type OperationCommand = {
  readonly type: 'ReaffirmGoal';
  readonly id: string;
  readonly data: Static<typeof ReaffirmGoal>;
};

/**
 * `operation-{id}`: a goal may be reaffirmed without a declaration on record: logs begin mid-war.
 */
export const operation: Decider<null, OperationCommand, OperationEvent, never> = {
  category: 'operation',
  initialState: null,
  evolve: { OperationGoalReaffirmed: () => null },
  decide: (command) => [
    { type: 'OperationGoalReaffirmed', data: { operation_id: command.id, ...command.data } },
  ],
};
