/**
 * Facts that two claims were about at one time, which may disagree: found when the second one comes,
 * so that whoever lists disagreements compares no claims that have nothing to do with each other.
 */
import { stands } from '../domain/lifecycle.ts';
import { columnsOf } from './claim-columns.ts';
import type { ClaimBody, DisputeBody } from './claim-tables.ts';
import type { Rows } from './rows.ts';

/** Follows a claim as it stands. A fact once found stays: whether anybody disagrees is asked later. */
export function followDisputes({ disputes }: { readonly disputes: Rows }, { state }: ClaimBody) {
  if (!stands(state)) return;
  const { conflict_id, conflict_key, kind } = columnsOf(state);
  if (conflict_key === null) return;
  const { claim_id } = state.current;
  const row = disputes.get(conflict_key);
  const known = row?.body as DisputeBody | undefined;
  if (known === undefined) {
    const body: DisputeBody = { first: claim_id };
    disputes.put(conflict_key, { conflict_id: null, kind, body });
  } else if (row?.conflict_id === null && known.first !== claim_id) {
    disputes.put(conflict_key, { conflict_id, kind, body: known });
  }
}
