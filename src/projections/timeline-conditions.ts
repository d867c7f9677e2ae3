/** The filters of the timeline as conditions on its items, `t`. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import { dayOf, lastInstantOf } from '../domain/times.ts';
import { wordsOf } from '../domain/words.ts';
import type { Box } from './boxes.ts';
import { claims } from './claims.ts';
import { listNamed, listPlacesIn, listPlacesInBox } from './places.ts';
import { heldAt } from './rows.ts';
import { type Tag, tagArray } from './tags.ts';
import { goingOn } from './timeline.ts';
import { longTag, type TagFilters, tagOfEntity, tagsOf, wordTag } from './timeline-item.ts';
import type { At } from './vintage.ts';

/**
 * What to find: every filter given must hold. Of a span of time both ends are in it, and a date is
 * a day of UTC.
 */
export type TimelineFilters = TagFilters & {
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
};

/** What all items asked for have in common. */
export async function conditionsOf(
  db: Db,
  at: At,
  query: TimelineFilters,
): Promise<RawBuilder<unknown>[]> {
  const { conflict, area, bbox, q } = query;
  const tags = tagsOf(query);
  const anyOf = (ids: readonly string[]) => hasAny(ids.flatMap((place) => tagsOf({ place })));
  return [
    ...(conflict === undefined ? [] : [sql`t.conflict_id = ${conflict}`]),
    ...(tags.length === 0 ? [] : [sql`t.tags @> ${tagArray(tags)}`]),
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

function hasAny(tags: readonly Tag[]): RawBuilder<unknown> {
  const wanted = tagArray(tags);
  if (tags.length <= indexedTagsMax) return sql`t.tags && ${wanted}`;
  // Hashed once, where `&&` would compare each with each.
  return sql`exists (
    select from unnest(t.tags) as own(tag) where own.tag = any (${wanted}))`;
}

async function hasWord(db: Db, at: At, word: string): Promise<RawBuilder<unknown>> {
  const named = await listNamed(db, at, word);
  return hasAny([wordTag(word), ...named.flatMap((stream) => tagOfEntity(stream) ?? [])]);
}

function timeConditions(query: TimelineFilters): RawBuilder<unknown>[] {
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
  { recorded_from, recorded_to }: TimelineFilters,
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
  { verification, lifecycle }: TimelineFilters,
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

/**
 * Conditions of parts that have what is asked for between them. What went on at a time began on
 * that day, but for the few items that are long: apart, so that neither part walks what is over.
 */
export function branchesOf({ occurred_from }: TimelineFilters): RawBuilder<unknown>[][] {
  if (occurred_from === undefined) return [[]];
  const day = sql`${dayOf(occurred_from)}::timestamptz`;
  const isLong = sql`t.tags @> ${sql.lit(`{${longTag}}`)} and ${sql.raw(goingOn)} @> ${day}`;
  return [[sql`t.sort_at >= ${day}`], [sql`t.sort_at < ${day}`, isLong]];
}
