/** A force: where an actor's troops are said to have gone. Withdrawal is not capture. */
import { Type } from 'typebox';
import {
  type AnyDecisionCode,
  type CommandOf,
  type Decider,
  decideBy,
  type EventOf,
} from './decider.ts';
import { isSaid, remember, type Said } from './said.ts';
import { attributed, Basis, EntityId, list, PlaceId, strictObject, Text } from './vocabulary.ts';

const movement = {
  ...attributed,
  form: Type.Optional(Text),
  stated_purpose: Type.Optional(Text),
  basis: Basis,
};
const deployment = { ...movement, to: list(PlaceId, 1), from: Type.Optional(list(PlaceId, 1)) };
const withdrawal = { ...movement, from: list(PlaceId, 1), to: Type.Optional(PlaceId) };
const advance = { ...movement, to: list(PlaceId, 1), from: Type.Optional(list(PlaceId, 1)) };

export const forceEvents = {
  TroopsDeployed: Type.Object({ actor_id: EntityId, ...deployment }),
  TroopsWithdrew: Type.Object({ actor_id: EntityId, ...withdrawal }),
  TroopsAdvanced: Type.Object({ actor_id: EntityId, ...advance }),
};
export type ForceEvent = EventOf<typeof forceEvents>;

export const forceCommands = {
  DeployTroops: strictObject(deployment),
  WithdrawTroops: strictObject(withdrawal),
  AdvanceTroops: strictObject(advance),
};
export type ForceCommand = CommandOf<typeof forceCommands>;

/**
 * `force-{actor_id}`: any attributed movement; the same by the same source is no news, unless it
 * leads back.
 */
export const force: Decider<Said, ForceCommand, ForceEvent, AnyDecisionCode> = {
  category: 'force',
  initialState: null,
  evolve: {
    TroopsDeployed: (said, data) => remember(said, 'TroopsDeployed', data),
    TroopsWithdrew: (said, data) => remember(said, 'TroopsWithdrew', data),
    TroopsAdvanced: (said, data) => remember(said, 'TroopsAdvanced', data),
  },
  decide: decideBy<Said, ForceCommand, ForceEvent, never>({
    DeployTroops: (data, said, actor_id) =>
      unlessSaid(said, { type: 'TroopsDeployed', data: { actor_id, ...data } }),
    WithdrawTroops: (data, said, actor_id) =>
      unlessSaid(said, { type: 'TroopsWithdrew', data: { actor_id, ...data } }),
    AdvanceTroops: (data, said, actor_id) =>
      unlessSaid(said, { type: 'TroopsAdvanced', data: { actor_id, ...data } }),
  }),
};

function unlessSaid(said: Said, event: ForceEvent): readonly ForceEvent[] {
  return isSaid(said, event, leadsBack) ? [] : [event];
}

// One goes to where the other leaves: what goes there twice has left in between.
function leadsBack({ data: one }: ForceEvent, { data: other }: ForceEvent): boolean {
  return meets(one.to, other.from) || meets(other.to, one.from);
}

function meets(to: string | readonly string[] = [], from: readonly string[] = []): boolean {
  return [to].flat().some((id) => from.includes(id));
}
