/** Propositions: what a claim asserts. One union for what is said and what is kept. */
import { type Static, type TSchema, Type } from 'typebox';
import { Quantity, QuantitySaid } from './quantity.ts';
import { ActorId, Basis, code, list, strictObject, Text, taggedUnion } from './vocabulary.ts';

/** Who the people are that casualties count. */
export const CasualtyCategory = code('military', 'civilian', 'mixed', 'unknown');
/** What became of them. */
export const CasualtyOutcome = code(
  'killed',
  'wounded',
  'killed_or_wounded',
  'captured',
  'missing',
);

const kind = <const K extends string>(name: K) => ({ kind: Type.Literal(name) });

const control = {
  ...kind('control'),
  controller_id: Type.Union([ActorId, Type.Null()]),
  status: code('controlled', 'contested', 'unknown', 'none'),
  basis: Basis,
};
const attack = {
  ...kind('attack'),
  attacker_id: ActorId,
  target_id: Type.Optional(ActorId),
  form: code('strike', 'counterattack', 'assault', 'shelling'),
  weapon_classes: Type.Optional(list(Text)),
};

const measured = <Q extends TSchema>(quantity: Q) => ({
  casualties: {
    ...kind('casualties'),
    side_id: ActorId,
    category: CasualtyCategory,
    outcome: CasualtyOutcome,
    quantity,
  },
  equipmentLosses: {
    ...kind('equipment_losses'),
    side_id: ActorId,
    // As the claimant counts: `tank`, `artillery_system`, `personnel_carrier`.
    equipment_class: Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' }),
    quantity,
  },
  areaControl: { ...kind('area_control'), controller_id: ActorId, quantity },
  settlementsTaken: { ...kind('settlements_taken'), by_id: ActorId, quantity },
});

const said = measured(QuantitySaid);
/** A proposition as a client states it. */
export const PropositionSaid = taggedUnion('kind', [
  strictObject(said.casualties),
  strictObject(said.equipmentLosses),
  strictObject(control),
  strictObject(said.areaControl),
  strictObject(said.settlementsTaken),
  strictObject(attack),
  strictObject({ ...kind('statement'), text: Text }),
]);
export type PropositionSaid = Static<typeof PropositionSaid>;

const kept = measured(Quantity);
/** A proposition as the log keeps it, its quantity with bounds. */
export const Proposition = taggedUnion('kind', [
  Type.Object(kept.casualties),
  Type.Object(kept.equipmentLosses),
  Type.Object(control),
  Type.Object(kept.areaControl),
  Type.Object(kept.settlementsTaken),
  Type.Object(attack),
  Type.Object({ ...kind('statement'), text: Text }),
]);
export type Proposition = Static<typeof Proposition>;
