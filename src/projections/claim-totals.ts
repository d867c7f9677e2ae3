/**
 * How many claims of a conflict there are, by verification and by lifecycle, and until when they
 * were said: so that whoever lists them as of the past begins there, and passes no later ones.
 */
import type { ClaimRow, TotalsBody } from './claim-tables.ts';
import type { Rows } from './rows.ts';

/** Follows a claim that changed from `before`, which is undefined if it is new. */
export function countClaim(
  { totals }: { readonly totals: Rows },
  before: ClaimRow | undefined,
  after: ClaimRow,
): void {
  const { conflict_id, verification, lifecycle, said_at } = after;
  const row = totals.get(conflict_id);
  const known = (row?.said_until as number | undefined) ?? Number.NEGATIVE_INFINITY;
  const said_until = Math.max(said_at, known);
  const isCounted = before?.verification === verification && before.lifecycle === lifecycle;
  if (isCounted && said_until === known) return;
  const none: TotalsBody = { total: 0, by_verification: {}, by_lifecycle: {} };
  const counted = (row?.body as TotalsBody | undefined) ?? none;
  const body: TotalsBody = {
    total: counted.total + (before === undefined ? 1 : 0),
    by_verification: moved(counted.by_verification, before?.verification, verification),
    by_lifecycle: moved(counted.by_lifecycle, before?.lifecycle, lifecycle),
  };
  totals.put(conflict_id, { said_until, body });
}

function moved(counts: Readonly<Record<string, number>>, from: string | undefined, to: string) {
  if (from === to) return counts;
  const after = { ...counts, [to]: (counts[to] ?? 0) + 1 };
  if (from === undefined) return after;
  const left = (counts[from] ?? 0) - 1;
  if (left > 0) return { ...after, [from]: left };
  const { [from]: _none, ...others } = after;
  return others;
}
