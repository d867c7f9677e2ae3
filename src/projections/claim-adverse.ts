/** Whether a claim goes against the claimant's own side, as the sides are registered by then. */
import type { ClaimEvent } from '../domain/claim.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import { isAdverseAdmission } from '../domain/sides.ts';
import type { SideBody } from './claim-tables.ts';
import type { EventFact } from './projection.ts';
import type { Rows } from './rows.ts';

/** Whether it may be so after the event and was not before, or the other way round. */
export function mayTurnAdverse({ type, data }: EventFact<ClaimEvent['type']>): boolean {
  if (type !== 'ClaimCorrected') return type === 'ClaimMade';
  const { field } = data as EventFact<'ClaimCorrected'>['data'];
  // A number and where it was found have no side, nor has any time or place.
  return field.startsWith('/proposition') && !field.startsWith('/proposition/quantity');
}

/** Whether it is so by the sides that are in `sides`. */
export function isAdverseNow(
  { sides }: { readonly sides: Rows },
  { current }: ClaimState,
): boolean {
  const sideOf = (key: string) => sides.get(key)?.body as SideBody | undefined;
  return isAdverseAdmission(current, {
    parties: sideOf(`conflict-${current.conflict_id}`)?.parties ?? [],
    partOf: (id) => sideOf(`actor-${id}`)?.part_of,
  });
}
