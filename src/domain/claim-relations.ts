/**
 * Which claims a claim may be linked to, or superseded by: those of its own conflict, and none that
 * it has taken the place of, also through others.
 */
import { Rejection } from './decider.ts';
import { ofOtherConflict } from './own-conflict.ts';

/** What is asked of another claim; of one that is not there, neither is known. */
type Related = {
  readonly made?: { readonly conflict_id: string };
  readonly superseded?: { readonly by_claim_id: string };
};
type Others = ReadonlyMap<string, Related>;

/** A longer chain of supersessions is followed no further: each of its claims is read by itself. */
const successorsMax = 100;

/** The claim that has to be known next to tell whether claim `id` may be superseded by `byId`. */
export function successorToAsk(id: string, byId: string, others: Others): string[] {
  const last = successorsOf(id, byId, others).at(-1) as string;
  return last === id || others.has(last) ? [] : [last];
}

/** Why claim `id` of `conflictId` is not superseded by `byId`; undefined where it may be. */
export function refuseSupersession(
  id: string,
  conflictId: string,
  byId: string,
  others: Others,
): Rejection<'claim-of-other-conflict' | 'claim-supersedes-it'> | undefined {
  const refusal = refuseOther(conflictId, byId, '/by_claim_id', others);
  if (refusal !== undefined || !successorsOf(id, byId, others).includes(id)) return refusal;
  return new Rejection('claim-supersedes-it', `${byId} was superseded by it`, [
    { pointer: '/by_claim_id', detail: 'was superseded by the claim, or by one that was' },
  ]);
}

/** Why a claim of `conflictId` does not relate to `otherId`; undefined where it may. */
export function refuseOther(
  conflictId: string,
  otherId: string,
  pointer: string,
  others: Others,
): Rejection<'claim-of-other-conflict'> | undefined {
  const { conflict_id = conflictId } = others.get(otherId)?.made ?? {};
  if (conflict_id === conflictId) return undefined;
  return ofOtherConflict(
    'claim-of-other-conflict',
    'claim',
    `${otherId} is of ${conflict_id}`,
    pointer,
  );
}

// From `byId` on, as far as is known, or until it comes back to one; the last may be unknown.
function successorsOf(id: string, byId: string, others: Others): string[] {
  const ids = [byId];
  for (let at = byId; at !== id && ids.length < successorsMax; ) {
    const next = others.get(at)?.superseded?.by_claim_id;
    if (next === undefined || ids.includes(next)) break;
    ids.push(next);
    at = next;
  }
  return ids;
}
