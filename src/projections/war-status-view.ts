/** The schema of the war status. */
import { type Static, Type } from 'typebox';
import { type NotAddedReason, notAddedReasons } from '../domain/casualty-subject.ts';
import { type NotOfPlaceReason, notOfPlaceReasons } from '../domain/control.ts';
import { CasualtyCategory, CasualtyOutcome } from '../domain/proposition.ts';
import { Quantity } from '../domain/quantity.ts';
import { Basis, code, Occurred, orNull, PlaceMention } from '../domain/vocabulary.ts';
import { checked } from './checked.ts';
import { lifecycles, statuses } from './claim-shape.ts';
import { AsOf } from './vintage.ts';

/** Claims of a sum that are named, and claims that are not in it: the last ones. */
export const claimIdsMax = 100;
export const notAddedMax = 10;

const Places = Type.Array(PlaceMention);

const Stance = Type.Object({
  party_id: Type.String(),
  counterpart_id: Type.String(),
  stance: Type.String(),
  stated_by: Type.String(),
  asserted_at: orNull(Type.String()),
  reason: Type.Optional(Type.String()),
  conditions: Type.Optional(Type.String()),
  event_id: Type.String(),
});
const Operation = Type.Object({
  operation_id: Type.String(),
  actor_id: Type.String(),
  state: Type.String(),
  goal: orNull(Type.String()),
  stated_by: Type.String(),
  asserted_at: orNull(Type.String()),
  event_id: Type.String(),
});
const Withdrawal = Type.Object({
  actor_id: Type.String(),
  from: Type.Array(Type.String()),
  occurred: Type.Unknown(),
  stated_purpose: orNull(Type.String()),
  stated_by: Type.String(),
  event_id: Type.String(),
});

const said = {
  claimant_id: Type.String(),
  asserted_at: orNull(Type.String()),
  claim_id: Type.String(),
  ...checked,
};
const controlled = {
  controller_id: orNull(Type.String()),
  status: code('controlled', 'contested', 'unknown', 'none'),
  basis: Basis,
  occurred: orNull(Occurred),
};
/** What one claimant says of the control of one place. */
export const ControlStatement = Type.Object({ ...said, ...controlled });
const Reason = code(...(Object.keys(notOfPlaceReasons) as [NotOfPlaceReason]));
const Control = Type.Object({
  place_id: Type.String(),
  statements: Type.Array(ControlStatement),
  agreement: Type.String({ enum: ['uncontested', 'contested'] }),
  not_of_place: Type.Array(Type.Object({ claim_id: Type.String(), reason: Reason }), {
    description: 'Claims that name the place, and state nothing of it alone.',
  }),
});
const Quantified = Type.Object({ ...said, quantity: Quantity, places: Places });
const Bounds = Type.Pick(Quantity, ['unit', 'measure', 'low', 'best', 'high', 'low_exclusive']);
const CasualtyStatement = Type.Object({
  claimant_id: Type.String(),
  quantity: Type.Unsafe<Quantity | Static<typeof Bounds>>({
    ...Type.Object({ ...Type.Partial(Quantity).properties, ...Bounds.properties }),
    description: 'As it was said where one claim counts; else the bounds of the sum.',
  }),
  measure: Quantity.properties.measure,
  since: orNull(Type.String({ description: 'From when a total counts, where that is said.' })),
  places: Type.Array(PlaceMention, {
    description: 'Where a total or a state counts, all together; empty for increments.',
  }),
  period: orNull(Type.Object({ from: Type.String(), to: Type.String(), has_gaps: Type.Boolean() })),
  ...checked,
  claims_total: Type.Integer({ description: 'How many claims count.' }),
  claim_ids: Type.Array(Type.String(), { description: `The last ${claimIdsMax} of them.` }),
  not_added: Type.Optional(
    Type.Array(
      Type.Object({
        claim_id: Type.String(),
        reason: code(...(Object.keys(notAddedReasons) as [NotAddedReason])),
      }),
      {
        description:
          `Of the last claims that are not in it, ${notAddedMax} at most. ` +
          'All of them are in GET /v1/casualties.',
      },
    ),
  ),
});
export type CasualtyStatement = Static<typeof CasualtyStatement>;

const counts = (names: readonly string[]) =>
  Type.Record(Type.String({ pattern: `^(${names.join('|')})$` }), Type.Integer({ minimum: 1 }));

/** How many withdrawals a status shows: a war has thousands, and each is in the timeline. */
export const withdrawalsMax = 100;

/** GET /v1/conflicts/{id}/status. */
export const WarStatus = Type.Object({
  conflict_id: Type.String(),
  as_of: AsOf,
  negotiations: Type.Array(
    Type.Object({ negotiation_id: Type.String(), stances: Type.Array(Stance) }),
  ),
  operations: Type.Array(Operation),
  control: Type.Array(Control, {
    description: 'Of each place, the current word of each claimant.',
  }),
  combined_control: Type.Array(
    Type.Object({ ...said, ...controlled, places: Places, reason: Reason }),
    {
      description:
        'Control of several places together, or beside, along or towards one: ' +
        'of none of them alone, so each is shown once and agrees with nothing.',
    },
  ),
  withdrawals: Type.Array(Withdrawal, {
    description:
      `In the order in which they were recorded, the last ${withdrawalsMax} at most. ` +
      'All of them are in GET /v1/timeline?type=TroopsWithdrew.',
  }),
  withdrawals_total: Type.Integer({ minimum: 0 }),
  areas: Type.Array(Type.Object({ ...Quantified.properties, controller_id: Type.String() }), {
    description: 'Ground held or taken: the last word of each claimant on each controller.',
  }),
  equipment_losses: Type.Array(
    Type.Object({
      side_id: Type.String(),
      equipment_class: Type.String(),
      by_claimant: Type.Array(Quantified),
    }),
    { description: 'The last word of each claimant; nothing is added.' },
  ),
  casualties: Type.Array(
    Type.Object({
      side_id: Type.String(),
      category: CasualtyCategory,
      outcome: CasualtyOutcome,
      by_claimant: Type.Array(CasualtyStatement),
    }),
    { description: 'Claimants are never added up.' },
  ),
  claims: Type.Object({
    total: Type.Integer(),
    by_verification: counts(statuses),
    by_lifecycle: counts(lifecycles),
  }),
});
export type WarStatus = Static<typeof WarStatus>;
