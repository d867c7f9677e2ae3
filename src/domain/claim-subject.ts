/**
 * What a claim is a statement of: one claimant's word on one thing. Of several claims with one
 * subject the latest counts, or they are added up.
 */
import {
  type CasualtySubject,
  type Counting,
  subjectOf as casualtySubjectOf,
  countingOf,
  sortedPlaces,
} from './casualty-subject.ts';
import type { ClaimMade } from './claim.ts';
import { controlledPlace } from './control.ts';
import { saidAtMs, validFromMs } from './recorded.ts';

type ByClaimant = { readonly claimant_id: string };
export type ClaimSubject =
  | (ByClaimant & {
      readonly kind: 'control';
      /** The one place whose control is stated; null where it is that of `places` together. */
      readonly place_id: string | null;
      readonly places: NonNullable<ClaimMade['places']> | null;
    })
  | ({ readonly kind: 'casualties' } & CasualtySubject)
  | (ByClaimant &
      Counting & {
        readonly kind: 'equipment_losses';
        readonly side_id: string;
        readonly equipment_class: string;
      })
  | (ByClaimant &
      Counting & {
        readonly kind: 'area_control' | 'settlements_taken';
        readonly controller_id: string;
      });

/** The subject of a claim; undefined for what is no statement of a state or a number. */
export function claimSubjectOf(claim: ClaimMade): ClaimSubject | undefined {
  const { attribution, proposition } = claim;
  const { claimant_id } = attribution;
  switch (proposition.kind) {
    case 'control': {
      const { kind } = proposition;
      const place_id = controlledPlace(claim);
      if (place_id !== undefined) return { kind, claimant_id, place_id, places: null };
      const places = sortedPlaces(claim);
      return places.length === 0 ? undefined : { kind, claimant_id, place_id: null, places };
    }
    case 'casualties': {
      const subject = casualtySubjectOf(claim) as CasualtySubject;
      return { kind: proposition.kind, ...subject };
    }
    case 'equipment_losses': {
      const { kind, side_id, equipment_class, quantity } = proposition;
      return { kind, claimant_id, side_id, equipment_class, ...countingOf(claim, quantity) };
    }
    case 'area_control': {
      const { kind, controller_id, quantity } = proposition;
      return { kind, claimant_id, controller_id, ...countingOf(claim, quantity) };
    }
    case 'settlements_taken': {
      const { kind, by_id, quantity } = proposition;
      return { kind, claimant_id, controller_id: by_id, ...countingOf(claim, quantity) };
    }
    default:
      return undefined;
  }
}

/** Whether a claim is added up with others of its subject; else one of them counts. */
export function isAddedUp({ proposition }: ClaimMade): boolean {
  return proposition.kind === 'casualties' && proposition.quantity.measure === 'increment';
}

/**
 * By what claims with one subject replace each other, the latest standing one counts: control by
 * when it is so, what is counted by when it was said. In ms since 1970, -Infinity where nothing
 * tells; ties go by when they were said, then by position.
 */
export function orderMs(claim: ClaimMade): number {
  return claim.proposition.kind === 'control' ? validFromMs(claim) : saidAtMs(claim);
}
