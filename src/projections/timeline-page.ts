/** The timeline as a list: its schema, filters, order and cursors. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { heldAt } from './rows.ts';
import { timeline } from './timeline.ts';
import type { At } from './vintage.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);

export const TimelineItem = Type.Object({
  position: Type.Integer(),
  event_id: Type.String(),
  type: Type.String(),
  stream: Type.String(),
  conflict_id: TextOrNull,
  occurred: Type.Unknown(),
  asserted_at: TextOrNull,
  published_at: TextOrNull,
  recorded_at: Type.String(),
  claimant_id: TextOrNull,
  actor_ids: Type.Array(Type.String()),
  places: Type.Array(Type.Unknown()),
  summary: Type.Object({ text: Type.String(), language: Type.String() }),
  claim: Type.Optional(
    Type.Object({ id: Type.String(), verification: Type.String(), lifecycle: Type.String() }),
  ),
  data: Type.Unknown(),
});
export type TimelineItem = Static<typeof TimelineItem>;

/** What to list: every filter given must hold. */
export type TimelineQuery = {
  conflict?: string;
  type?: string;
  claimant?: string;
  actor?: string;
  place?: string;
  sort: 'occurred' | 'position';
  order: 'asc' | 'desc';
  limit: number;
  after?: After | undefined;
};
/** The last item of the page before. */
export type After = { sort_at: string; position: number };

type PageRow = {
  position: number;
  sort_at: string;
  claim_id: string | null;
  item: TimelineItem;
  verification: string | null;
  lifecycle: string | null;
};

/** A page of the timeline, as it was at the position of `at`; `next` is its last item. */
export async function listTimeline(
  db: Db,
  at: At,
  query: TimelineQuery,
): Promise<{ items: TimelineItem[]; next: string | null }> {
  const rows = await selectPage(db, at, query);
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  const items = page.map(({ item, claim_id, verification, lifecycle }) =>
    claim_id === null || verification === null || lifecycle === null
      ? item
      : { ...item, claim: { id: claim_id, verification, lifecycle } },
  );
  return { items, next: last === undefined ? null : JSON.stringify([last.sort_at, last.position]) };
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

async function selectPage(db: Db, { as_of, table }: At, query: TimelineQuery) {
  const { conflict, type, claimant, actor, place, sort, order, limit, after } = query;
  const all = [
    heldAt(as_of.position),
    conflict !== undefined && sql`t.conflict_id = ${conflict}`,
    type !== undefined && sql`t.type = ${type}`,
    claimant !== undefined && sql`t.claimant_id = ${claimant}`,
    actor !== undefined && sql`${actor} = any (t.actor_ids)`,
    place !== undefined && sql`${place} = any (t.place_ids)`,
    after && seek(sort, order, after),
  ].filter((one) => one !== false && one !== undefined);
  const by = sql.join(
    (sort === 'position' ? ['since'] : ['sort_at', 'since']).map(
      (column) => sql`${sql.ref(column)} ${sql.raw(order)}`,
    ),
  );
  // The page first: what the claims have become is looked up for its items alone.
  const { rows } = await sql<PageRow>`
    select p.position, p.sort_at, p.claim_id, p.item, c.verification, c.lifecycle
    from (select t.since, t.since as position, t.sort_at, t.claim_id, t.body as item
          from ${sql.table(table(timeline, 'items'))} t where ${sql.join(all, sql` and `)}
          order by ${by} limit ${limit + 1}) p
    left join lateral (select verification, lifecycle from ${sql.table(table(timeline, 'claims'))} c
      where c.key = 'claim-' || p.claim_id and ${heldAt(as_of.position, 'c')}
      order by c.since desc limit 1) c on true
    order by ${by}`.execute(db);
  return rows;
}

function seek(sort: string, order: string, after: After) {
  const { sort_at, position } = after;
  const beyond = sql.raw(order === 'asc' ? '>' : '<');
  return sort === 'position'
    ? sql`t.since ${beyond} ${position}`
    : sql`(t.sort_at, t.since) ${beyond} (${sort_at}::timestamptz, ${position}::bigint)`;
}
