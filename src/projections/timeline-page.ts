/** The timeline as a list: its schema, filters, order and cursors. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { claims, items, timeline } from './timeline.ts';
import { AsOf, readAsOf } from './vintage.ts';

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

export const Timeline = Type.Object({
  items: Type.Array(TimelineItem),
  next_cursor: TextOrNull,
  as_of: AsOf,
});
export type Timeline = Static<typeof Timeline>;

/** What to list: every filter given must hold. `after` is the last item of the page before. */
export type TimelineQuery = {
  conflict?: string;
  type?: string;
  claimant?: string;
  actor?: string;
  place?: string;
  sort: 'occurred' | 'position';
  order: 'asc' | 'desc';
  limit: number;
  after?: { sort_at: string; position: number };
};

type PageRow = {
  position: number;
  sort_at: string;
  claim_id: string | null;
  item: TimelineItem;
  verification: string | null;
};

/** A page of the timeline. */
export async function listTimeline(db: Db, query: TimelineQuery): Promise<Timeline> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (snapshot) => {
      const as_of = await readAsOf(snapshot, timeline);
      const rows = await selectPage(snapshot, query);
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return {
        items: page.map(({ item, claim_id, verification }) =>
          claim_id === null || verification === null
            ? item
            : { ...item, claim: { id: claim_id, verification, lifecycle: 'active' } },
        ),
        next_cursor: last ? encodeCursor(last) : null,
        as_of,
      };
    });
}

/** The opaque cursor of a page's last item. */
function encodeCursor({ sort_at, position }: Pick<PageRow, 'sort_at' | 'position'>): string {
  return Buffer.from(JSON.stringify([sort_at, position])).toString('base64url');
}

/** What a cursor of ours stands for; undefined if it is not one. */
export function decodeCursor(cursor: string): TimelineQuery['after'] | undefined {
  try {
    const [sort_at, position] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
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

async function selectPage(db: Db, query: TimelineQuery) {
  const { conflict, type, claimant, actor, place, sort, order, limit, after } = query;
  const all = [
    conflict !== undefined && sql`t.conflict_id = ${conflict}`,
    type !== undefined && sql`t.type = ${type}`,
    claimant !== undefined && sql`t.claimant_id = ${claimant}`,
    actor !== undefined && sql`${actor} = any (t.actor_ids)`,
    place !== undefined && sql`${place} = any (t.place_ids)`,
    after && seek(sort, order, after),
  ].filter((one) => one !== false && one !== undefined);
  const direction = sql.raw(order);
  const by =
    sort === 'position'
      ? sql`t.position ${direction}`
      : sql`t.sort_at ${direction}, t.position ${direction}`;
  const { rows } = await sql<PageRow>`
    select t.position, t.sort_at, t.claim_id, t.item, c.verification
    from ${sql.table(items)} t left join ${sql.table(claims)} c using (claim_id)
    where ${all.length === 0 ? sql`true` : sql.join(all, sql` and `)}
    order by ${by} limit ${limit + 1}`.execute(db);
  return rows;
}

function seek(sort: string, order: string, after: NonNullable<TimelineQuery['after']>) {
  const { sort_at, position } = after;
  const beyond = sql.raw(order === 'asc' ? '>' : '<');
  return sort === 'position'
    ? sql`t.position ${beyond} ${position}`
    : sql`(t.sort_at, t.position) ${beyond} (${sort_at}::timestamptz, ${position}::bigint)`;
}
