/** What the war status shows of single claims: each beside the others, none made into one. */

import type { ClaimSubject } from '../domain/claim-subject.ts';
import { type Control, controlOf, hasEnded, notOfPlaceReason } from '../domain/control.ts';
import type { Quantity } from '../domain/quantity.ts';
import type { PartOf } from '../domain/sides.ts';
import { checkedOf } from './checked.ts';
import type { KnownClaim } from './claim-tables.ts';
import type { CountedClaim } from './counted-claims.ts';
import type { WarStatus } from './war-status-view.ts';

type Of<K extends ClaimSubject['kind']> = CountedClaim<Extract<ClaimSubject, { kind: K }>>;

/** Control per place, one statement of each claimant. */
export function controlByPlace(
  counted: readonly Of<'control'>[],
  { partOf, validAt }: { readonly partOf: PartOf; readonly validAt: string | undefined },
): WarStatus['control'] {
  const byPlace = Map.groupBy(counted, ({ subject }) => subject.place_id);
  const elsewhere = (byPlace.get(null) ?? []).map(({ state }) => state);
  return [...byPlace].flatMap(([placeId, about]) => {
    if (placeId === null) return [];
    const known = new Map(about.map((claim) => [claim.state.current.claim_id, claim]));
    const all = [...about.map(({ state }) => state), ...elsewhere];
    const { statements, agreement, not_of_place } = controlOf(placeId, all, { partOf, validAt });
    // All that was said of it has ended.
    if (statements.length === 0) return [];
    return {
      place_id: placeId,
      statements: statements.map((one) => ({
        ...one,
        ...checkedOf([known.get(one.claim_id) as KnownClaim]),
      })),
      agreement,
      not_of_place: [...not_of_place],
    };
  });
}

/** What is said of the control of no single place, each claim once. */
export function combinedControl(
  counted: readonly Of<'control'>[],
  validAt: string | undefined,
): WarStatus['combined_control'] {
  return counted.flatMap(({ subject, ...claim }) => {
    const { current } = claim.state;
    const reason = notOfPlaceReason(current);
    if (reason === undefined || hasEnded(current, validAt)) return [];
    const { controller_id, status, basis } = current.proposition as Control;
    return {
      places: [...(subject.places ?? [])],
      reason,
      ...{ controller_id, status, basis },
      occurred: current.occurred ?? null,
      ...saidOf(claim),
    };
  });
}

/** Ground held or taken, per claimant and controller: the last word on each. */
export function areasOf(
  counted: readonly Of<'area_control' | 'settlements_taken'>[],
): WarStatus['areas'] {
  return counted.map(({ subject, ...claim }) => ({
    controller_id: subject.controller_id,
    ...quantifiedOf(claim),
  }));
}

/** Losses of equipment per side and class: the last word of each claimant, none added. */
export function equipmentLossesOf(
  counted: readonly Of<'equipment_losses'>[],
): WarStatus['equipment_losses'] {
  const bySubject = Map.groupBy(
    counted,
    ({ subject }) => `${subject.side_id} ${subject.equipment_class}`,
  );
  return [...bySubject.values()].map((group) => {
    const { side_id, equipment_class } = (group[0] as (typeof group)[number]).subject;
    return { side_id, equipment_class, by_claimant: group.map((claim) => quantifiedOf(claim)) };
  });
}

function quantifiedOf(claim: KnownClaim) {
  const { places = [], proposition } = claim.state.current;
  const { quantity } = proposition as { quantity: Quantity };
  return { quantity, places, ...saidOf(claim) };
}

function saidOf(claim: KnownClaim) {
  const { current } = claim.state;
  return {
    claimant_id: current.attribution.claimant_id,
    asserted_at: current.asserted_at ?? null,
    claim_id: current.claim_id,
    ...checkedOf([claim]),
  };
}
