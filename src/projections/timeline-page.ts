/** The timeline as a list: its order, pages and cursors. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import { preparedUnless } from '../pooled-client.ts';
import { claims } from './claims.ts';
import { registry } from './registry.ts';
import { heldAt, madeBy } from './rows.ts';
import { timeline } from './timeline.ts';
import { branchesOf, conditionsOf, type TimelineFilters } from './timeline-conditions.ts';
import { type FoundRow, type ShownItems, showItems } from './timeline-shown.ts';
import type { At } from './vintage.ts';

/** What the timeline is read from. */
export const timelineParts = [timeline, registry, claims] as const;

/** What to list, and in which order. */
export type TimelineQuery = TimelineFilters & {
  readonly sort: 'occurred' | 'position';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: After | undefined;
};
/** The last item of the page before. */
export type After = { readonly sort_at: string; readonly position: number };

/** A page of the timeline, as it was at the position of `at`; `next` is its last item. */
export async function listTimeline(
  db: Db,
  at: At,
  query: TimelineQuery,
): Promise<ShownItems & { next: string | null }> {
  const { limit } = query;
  const rows = await selectPage(db, at, query, await conditionsOf(db, at, query));
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    ...(await showItems(db, at, page)),
    next: last === undefined ? null : JSON.stringify([last.sort_at, last.position]),
  };
}

/** The item that the text of a cursor names; undefined if it names none. */
export function afterOf(text: string): After | undefined {
  try {
    const [sort_at, position] = JSON.parse(text);
    return Number.isSafeInteger(position) && isInstant(sort_at) ? { sort_at, position } : undefined;
  } catch {
    return undefined;
  }
}

// As the database writes them. `Date` alone would take "Sun" for one, and 30 February for 2 March.
function isInstant(said: unknown): boolean {
  if (typeof said !== 'string') return false;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(said)) return false;
  const date = new Date(said);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 19) === said.slice(0, 19);
}

async function selectPage(
  db: Db,
  { as_of, table }: At,
  query: TimelineQuery,
  conditions: readonly RawBuilder<unknown>[],
): Promise<FoundRow[]> {
  const { sort, order, limit, after } = query;
  const all = [madeBy(as_of.position), ...conditions, ...(after ? [seek(sort, order, after)] : [])];
  const by = (alias: string) =>
    sql.join(
      (sort === 'position' ? ['since'] : ['sort_at', 'since']).map(
        (column) => sql`${sql.ref(`${alias}.${column}`)} ${sql.raw(order)}`,
      ),
    );
  // As it stands, not as a parameter: how few there are is a part of the plan.
  const count = sql.lit(limit + 1);
  const found = branchesOf(query).map(
    (branch) => sql`(
      select since, sort_at, claim_id from ${sql.table(table(timeline, 'items'))} t
      where ${sql.join([...all, ...branch], sql` and `)} order by ${by('t')} limit ${count})`,
  );
  // The page first: claims are looked up for its items alone, one by one, which is also right while
  // PostgreSQL knows nothing yet of how many there are.
  const { rows } = await sql<FoundRow>`${preparedUnless(conditions)}
    select p.since as position, p.sort_at, c.made as claim_made, c.verification, c.lifecycle
    from (${sql.join(found, sql` union all `)}) p
    left join lateral (
      select c.made, c.verification, c.lifecycle from ${sql.table(table(claims, 'claims'))} c
      where c.key = p.claim_id and ${heldAt(as_of.position, 'c')}
      order by c.since desc limit 1) c on true
    order by ${by('p')} limit ${count}`.execute(db);
  return rows;
}

function seek(sort: string, order: string, { sort_at, position }: After) {
  const beyond = sql.raw(order === 'asc' ? '>' : '<');
  return sort === 'position'
    ? sql`t.since ${beyond} ${position}`
    : sql`(t.sort_at, t.since) ${beyond} (${sort_at}::timestamptz, ${position}::bigint)`;
}
