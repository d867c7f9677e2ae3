/** A force: where an actor's troops are said to have gone. Withdrawal is not capture. */
import { type Static, Type } from 'typebox';
import type { Decider, EventOf } from './decider.ts';
import { attributed, Basis, EntityId, list, PlaceId, strictObject, Text } from './vocabulary.ts';

const withdrawal = {
  ...attributed,
  from: list(PlaceId, 1),
  to: Type.Optional(PlaceId),
  form: Type.Optional(Text),
  stated_purpose: Type.Optional(Text),
  basis: Basis,
};

export const forceEvents = {
  TroopsWithdrew: Type.Object({ actor_id: EntityId, ...withdrawal }),
};
export type ForceEvent = EventOf<typeof forceEvents>;

export const WithdrawTroops = strictObject(withdrawal);
export type ForceCommand = {
  readonly type: 'WithdrawTroops';
  readonly id: string;
  readonly data: Static<typeof WithdrawTroops>;
};

/** `force-{actor_id}`: any attributed movement may be recorded, however often it is said. */
export const force: Decider<null, ForceCommand, ForceEvent, never> = {
  category: 'force',
  initialState: null,
  evolve: { TroopsWithdrew: () => null },
  decide: (command) => [
    { type: 'TroopsWithdrew', data: { actor_id: command.id, ...command.data } },
  ],
};
