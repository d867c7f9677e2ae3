/** The timeline as a list: its filters, order and cursors. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import { lastInstantOf } from '../domain/times.ts';
import { wordsOf } from '../domain/words.ts';
import { textArray } from '../eventstore/binary-array.ts';
import type { Box } from './boxes.ts';
import { claims } from './claims.ts';
import { listNamed, listPlacesIn, listPlacesInBox } from './places.ts';
import { registry } from './registry.ts';
import { heldAt, madeBy } from './rows.ts';
import { timeline } from './timeline.ts';
import { type TagFilters, tagsOf, tagsOfEntity, wordTag } from './timeline-item.ts';
import { type FoundRow, showItems, type TimelineItem } from './timeline-shown.ts';
import type { At } from './vintage.ts';

/** What the timeline is read from. */
export const timelineParts = [timeline, registry, claims] as const;

/**
 * What to list: every filter given must hold. Of a span of time both ends are in it, and a date is
 * a day of UTC.
 */
export type TimelineQuery = TagFilters & {
  readonly conflict?: string;
  /** Of a place that is this one, or within it at any depth. */
  readonly area?: string;
  /** Of a place whose point is in it. */
  readonly bbox?: Box;
  /** It is said to have happened then, in part at least. */
  readonly occurred_from?: string;
  readonly occurred_to?: string;
  readonly recorded_from?: string;
  readonly recorded_to?: string;
  readonly published_from?: string;
  readonly published_to?: string;
  /** Of the claim that it is about, as it is as of the page. */
  readonly verification?: string;
  readonly lifecycle?: string;
  /** Each of its words is in the summary or the quote, or in a name of an actor or place. */
  readonly q?: string;
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
): Promise<{ items: TimelineItem[]; next: string | null }> {
  const { limit } = query;
  const rows = await selectPage(db, at, query, await conditionsOf(db, at, query));
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    items: await showItems(db, at, page),
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
  { sort, order, limit, after }: TimelineQuery,
  conditions: readonly RawBuilder<unknown>[],
): Promise<FoundRow[]> {
  const all = [madeBy(as_of.position), ...conditions, ...(after ? [seek(sort, order, after)] : [])];
  const by = (alias: string) =>
    sql.join(
      (sort === 'position' ? ['since'] : ['sort_at', 'since']).map(
        (column) => sql`${sql.ref(`${alias}.${column}`)} ${sql.raw(order)}`,
      ),
    );
  // The page first: events and claims are looked up for its items alone.
  const { rows } = await sql<FoundRow>`
    select p.sort_at, p.body ->> 'published_at' as published_at, p.claim_id, c.made as claim_made,
           c.verification, c.lifecycle, e.position, e.id, e.stream, e.version, e.type,
           e.schema_version, e.recorded_at, e.data, e.metadata
    from (select since, sort_at, claim_id, body from ${sql.table(table(timeline, 'items'))} t
          where ${sql.join(all, sql` and `)} order by ${by('t')} limit ${limit + 1}) p
    join events e on e.position = p.since
    left join ${sql.table(table(claims, 'claims'))} c
      on c.key = p.claim_id and ${heldAt(as_of.position, 'c')}
    order by ${by('p')}`.execute(db);
  return rows;
}

function seek(sort: string, order: string, { sort_at, position }: After) {
  const beyond = sql.raw(order === 'asc' ? '>' : '<');
  return sort === 'position'
    ? sql`t.since ${beyond} ${position}`
    : sql`(t.sort_at, t.since) ${beyond} (${sort_at}::timestamptz, ${position}::bigint)`;
}

async function conditionsOf(db: Db, at: At, query: TimelineQuery): Promise<RawBuilder<unknown>[]> {
  const { conflict, area, bbox, q } = query;
  const tags = tagsOf(query);
  const anyOf = (ids: readonly string[]) => hasAny(ids.flatMap((place) => tagsOf({ place })));
  return [
    ...(conflict === undefined ? [] : [sql`t.conflict_id = ${conflict}`]),
    ...(tags.length === 0 ? [] : [sql`t.tags @> ${textArray(tags)}::text[]`]),
    ...(area === undefined ? [] : [anyOf(await listPlacesIn(db, at, area))]),
    ...(bbox === undefined ? [] : [anyOf(await listPlacesInBox(db, at, bbox))]),
    ...(q === undefined ? [] : await Promise.all(wordsOf(q).map((word) => hasWord(db, at, word)))),
    ...timeConditions(query),
    ...(await recordedConditions(db, at, query)),
    ...claimConditions(at, query),
  ];
}

/** Of how many tags the index is asked; the more there are, the more items have one of them. */
const indexedTagsMax = 100;

function hasAny(tags: readonly string[]): RawBuilder<unknown> {
  if (tags.length <= indexedTagsMax) return sql`t.tags && ${textArray(tags)}::text[]`;
  // Hashed once, where `&&` would compare each with each.
  return sql`exists (
    select from unnest(t.tags) as own(tag) where own.tag = any (${textArray(tags)}::text[]))`;
}

async function hasWord(db: Db, at: At, word: string): Promise<RawBuilder<unknown>> {
  const named = await listNamed(db, at, word);
  return hasAny([wordTag(word), ...named.flatMap(tagsOfEntity)]);
}

function timeConditions(query: TimelineQuery): RawBuilder<unknown>[] {
  const { occurred_from, occurred_to, published_from, published_to } = query;
  const instant = (moment: string) => sql`${moment}::timestamptz`;
  const isDated = sql`t.occurred_until is not null`;
  return [
    ...(occurred_from === undefined ? [] : [sql`t.occurred_until >= ${instant(occurred_from)}`]),
    ...(occurred_to === undefined
      ? []
      : [sql`${isDated} and t.sort_at <= ${instant(lastInstantOf(occurred_to))}`]),
    ...(published_from === undefined ? [] : [sql`t.published_at >= ${instant(published_from)}`]),
    ...(published_to === undefined
      ? []
      : [sql`t.published_at <= ${instant(lastInstantOf(published_to))}`]),
  ];
}

// As positions: what was recorded between two moments lies between two of them.
async function recordedConditions(
  db: Db,
  { as_of: { position } }: At,
  { recorded_from, recorded_to }: TimelineQuery,
): Promise<RawBuilder<unknown>[]> {
  if (recorded_from === undefined && recorded_to === undefined) return [];
  const from = recorded_from ?? null;
  const until = recorded_to === undefined ? null : lastInstantOf(recorded_to);
  const { rows } = await sql<{ before: number | null; last: number | null }>`
    select case when ${from}::text is not null then position_known_at(
             ${from}::timestamptz - interval '1 microsecond', ${position}) end as before,
           case when ${until}::text is not null then position_known_at(
             ${until}::timestamptz, ${position}) end as last`.execute(db);
  const { before = null, last = null } = rows[0] ?? {};
  return [
    ...(before === null ? [] : [sql`t.since > ${before}`]),
    ...(last === null ? [] : [sql`t.since <= ${last}`]),
  ];
}

function claimConditions(
  { as_of, table }: At,
  { verification, lifecycle }: TimelineQuery,
): RawBuilder<unknown>[] {
  if (verification === undefined && lifecycle === undefined) return [];
  const wanted = [
    ...(verification === undefined ? [] : [sql`c.verification = ${verification}`]),
    ...(lifecycle === undefined ? [] : [sql`c.lifecycle = ${lifecycle}`]),
  ];
  return [
    sql`exists (select from ${sql.table(table(claims, 'claims'))} c
      where c.key = t.claim_id and ${heldAt(as_of.position, 'c')}
        and ${sql.join(wanted, sql` and `)})`,
  ];
}
