/**
 * What a claim is a statement of: one claimant's word on one thing. Of several claims with one
 * subject one counts, or they are added up; the others stay, so that it has a successor.
 */
import { tallyOf } from './casualties.ts';
import {
  type CasualtySubject,
  type Counting,
  subjectOf as casualtySubjectOf,
  countingOf,
  sortedPlaces,
} from './casualty-subject.ts';
import type { ClaimMade } from './claim.ts';
import type { ClaimView } from './claim-state.ts';
import { controlledPlace } from './control.ts';
import { stands } from './lifecycle.ts';
import { bySaidAt, byValidFrom, type Timed } from './recorded.ts';

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

/** Whether claims with this subject are added up; else one of them counts. */
export function isAddedUp(subject: ClaimSubject): boolean {
  return subject.kind === 'casualties' && subject.measure === 'increment';
}

/**
 * The order in which claims with one subject replace each other: control by when it is so, what is
 * counted by when it was said.
 */
export function replacingOrder({ kind }: ClaimSubject): (a: Timed, b: Timed) => number {
  return kind === 'control' ? byValidFrom : bySaidAt;
}

/** Of claims with `subject`, which is not added up, the one that counts; undefined for none. */
export function countedOne<C extends ClaimView>(
  subject: ClaimSubject,
  claims: readonly C[],
): C | undefined {
  if (subject.kind === 'casualties') {
    const [claimId] = tallyOf(subject, claims).claim_ids;
    return claims.find(({ current }) => current.claim_id === claimId);
  }
  const order = replacingOrder(subject);
  return claims.filter(stands).reduce<C | undefined>((last, one) => {
    return last === undefined || order(timedOf(last), timedOf(one)) < 0 ? one : last;
  }, undefined);
}

/** What a claim is ordered by. */
export function timedOf({ current: { asserted_at, occurred }, position }: ClaimView): Timed {
  return {
    ...(asserted_at !== undefined && { asserted_at }),
    ...(occurred !== undefined && { occurred }),
    position,
  };
}
