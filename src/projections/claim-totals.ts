/**
 * How many claims of a conflict there are, by verification and by lifecycle, and until when they
 * were said: so that whoever lists them as of the past begins there, and passes no later ones.
 */
import { lifecycles, statuses } from './claim-shape.ts';
import type { ClaimRow, TotalsBody } from './claim-tables.ts';
import type { Rows } from './rows.ts';

/** What a claim is counted by: once by its verification, once by its lifecycle. */
const counted: readonly string[] = [...statuses, ...lifecycles];
const none: TotalsBody = counted.map(() => 0);

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
  const body = [...((row?.body as TotalsBody | undefined) ?? none)];
  const add = (one: string, count: number) => {
    const i = counted.indexOf(one);
    body[i] = (body[i] as number) + count;
  };
  if (before !== undefined) {
    add(before.verification, -1);
    add(before.lifecycle, -1);
  }
  add(verification, 1);
  add(lifecycle, 1);
  totals.put(conflict_id, { said_until, body });
}

/** The totals in a body, or of no claims; what no claim has is not there. */
export function totalsIn(body: TotalsBody = none) {
  const of = (names: readonly string[]): Record<string, number> => {
    const counts = names.map((name) => [name, body[counted.indexOf(name)] as number] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  };
  const by_lifecycle = of(lifecycles);
  const total = Object.values(by_lifecycle).reduce((sum, count) => sum + count, 0);
  return { total, by_verification: of(statuses), by_lifecycle };
}
