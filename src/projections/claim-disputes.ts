/**
 * Facts that two claims were about at one time, which may disagree: found when the second one
 * comes, so that whoever lists disagreements compares none that have nothing to do with each other.
 */
import type { ClaimRow, DisputeBody } from './claim-tables.ts';
import type { Rows } from './rows.ts';

/**
 * Follows a claim that changed from `before`, which is undefined if it is new. A fact once found
 * stays: whether anybody disagrees is asked when it is read. It is found with the second claim that
 * is about it while the first one is: one that stands no more, or is about another fact since,
 * disagrees with nobody.
 */
export function followDisputes(
  { claims, disputes }: { readonly claims: Rows; readonly disputes: Rows },
  before: ClaimRow | undefined,
  { conflict_id, conflict_key, kind, state }: ClaimRow,
): void {
  if (conflict_key === null || conflict_key === before?.conflict_key) return;
  const { claim_id } = state.current;
  const row = disputes.get(conflict_key);
  if (row !== undefined && row.conflict_id !== null) return;
  const { first } = (row?.body ?? { first: claim_id }) as DisputeBody;
  const isSecond = first !== claim_id && claims.get(first)?.conflict_key === conflict_key;
  if (isSecond) disputes.put(conflict_key, { conflict_id, kind, body: { first } });
  else if (row === undefined || first !== claim_id) {
    const body: DisputeBody = { first: claim_id };
    disputes.put(conflict_key, { conflict_id: null, kind, body });
  }
}
