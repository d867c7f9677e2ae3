/**
 * Facts that two claims were about at one time, which may disagree: found when the second one
 * comes, so that whoever lists disagreements compares none that have nothing to do with each other.
 */
import type { ClaimRow, DisputeBody } from './claim-tables.ts';
import type { Rows } from './rows.ts';

/**
 * Follows a claim that changed from `before`, which is undefined if it is new. A fact once found
 * stays: whether anybody disagrees is asked when it is read.
 */
export function followDisputes(
  { disputes }: { readonly disputes: Rows },
  before: ClaimRow | undefined,
  { conflict_id, conflict_key, kind, state }: ClaimRow,
): void {
  if (conflict_key === null || conflict_key === before?.conflict_key) return;
  const { claim_id } = state.current;
  const row = disputes.get(conflict_key);
  const known = row?.body as DisputeBody | undefined;
  if (known === undefined) {
    const first: DisputeBody = { first: claim_id };
    disputes.put(conflict_key, { conflict_id: null, kind, body: first });
  } else if (row?.conflict_id === null && known.first !== claim_id) {
    disputes.put(conflict_key, { conflict_id, kind, body: known });
  }
}
