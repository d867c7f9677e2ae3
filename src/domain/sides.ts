/** Whose side an actor is on, and when a claim speaks against the claimant's own. */
import type { DataOf } from './catalogue.ts';

/** What an actor is part of as registered; undefined for none or an unknown actor. */
export type PartOf = (actorId: string) => string | undefined;

/** The sides of a conflict as registered. */
export type Sides = { readonly parties: readonly string[]; readonly partOf: PartOf };

/** Whether an actor is the group or part of it, at any depth. */
export function belongsTo(actorId: string, groupId: string, partOf: PartOf): boolean {
  // The register does not rule out a circle: whoever walks in one comes by the mark again.
  let mark: string | undefined;
  let steps = 0;
  for (let at: string | undefined = actorId; at !== undefined; at = partOf(at)) {
    if (at === groupId) return true;
    if (at === mark) return false;
    steps += 1;
    // Farther and farther on, so that it comes to stand within the circle.
    if ((steps & (steps - 1)) === 0) mark = at;
  }
  return false;
}

/**
 * Whether a claim goes against the interest of the claimant's own side: own losses, or ground that
 * another party of the conflict holds or took. That the own side's ground is contested, or that
 * nobody knows, admits nothing yet.
 */
export function isAdverseAdmission(
  { attribution, proposition }: Pick<DataOf<'ClaimMade'>, 'attribution' | 'proposition'>,
  { parties, partOf }: Sides,
): boolean {
  const isOwn = (side: string) => belongsTo(attribution.claimant_id, side, partOf);
  // Gained by a party, said by a claimant of another: an outsider has nothing to admit.
  const isLost = (gainer: string) => {
    const gaining = parties.filter((party) => belongsTo(gainer, party, partOf));
    return gaining.length > 0 && !gaining.some(isOwn) && parties.some(isOwn);
  };
  switch (proposition.kind) {
    case 'casualties':
    case 'equipment_losses':
      return isOwn(proposition.side_id);
    case 'control': {
      const { controller_id, status } = proposition;
      return status === 'controlled' && controller_id !== null && isLost(controller_id);
    }
    case 'area_control':
      return isLost(proposition.controller_id);
    case 'settlements_taken':
      return isLost(proposition.by_id);
    default:
      return false;
  }
}
