/** The register as it is asked for: entries by id, and the list with its filters. */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { textArray } from '../eventstore/binary-array.ts';
import { prepared } from '../pooled-client.ts';
import { type Box, isInBox } from './boxes.ts';
import { isWithin } from './moments.ts';
import { type Category, type Entry, registry, type TaggedMember, tagsOf } from './registry.ts';
import { heldAt } from './rows.ts';
import type { AsOf, At } from './vintage.ts';

/** Which entries: every filter given must hold, where the category has it. */
export type EntryQuery = {
  /** Kind of an actor, place that a place is directly within, outlet of a report. */
  readonly outline?: string;
  /** Words that are all in its names (also former ones) or its headline. */
  readonly words?: readonly string[];
  /** A point in it, its edges included. */
  readonly box?: Box;
  readonly published_from?: string;
  readonly published_to?: string;
  /** Members that have these values, of those that tags are made of. */
  readonly members?: { readonly [M in TaggedMember]?: string | undefined };
  /** The key that the page before ended with. */
  readonly after?: string | undefined;
  readonly limit: number;
};
export type EntryPage = { items: Entry[]; next: string | null };

export async function listEntries(
  db: Db,
  { as_of, table }: At,
  category: Category,
  query: EntryQuery,
): Promise<EntryPage> {
  const { outline, words = [], box, published_from: from, published_to: to } = query;
  const { members = {}, after = `${category}-`, limit } = query;
  const tags = tagsOf(members);
  const wanted = [
    sql`category = ${category} and key > ${after}`,
    heldAt(as_of.position),
    ...(outline === undefined ? [] : [sql`outline = ${outline}`]),
    ...(words.length === 0 ? [] : [sql`words @> ${textArray(words)}::text[]`]),
    ...(tags.length === 0 ? [] : [sql`tags @> ${textArray(tags)}::text[]`]),
    ...(box === undefined ? [] : [isInBox(box)]),
    ...isWithin('t.published_at', { from, to }),
  ];
  const { rows } = await sql<{ body: Entry }>`
    select body from ${sql.table(table(registry, 'entries'))} t
    where ${sql.join(wanted, sql` and `)} order by key limit ${limit + 1}`.execute(db);
  const items = rows.slice(0, limit).map(({ body }) => body);
  return { items, next: rows.length > limit ? `${category}-${items.at(-1)?.id}` : null };
}

/** The entry, or undefined if it is not known. */
export async function findEntry(
  db: Db,
  { as_of, table }: At,
  category: Category,
  id: string,
): Promise<(Entry & { as_of: AsOf }) | undefined> {
  const { rows } = await sql<{ body: Entry }>`${prepared}
    select body from ${sql.table(table(registry, 'entries'))} t
    where key = ${`${category}-${id}`} and ${heldAt(as_of.position)}`.execute(db);
  return rows[0] && { ...rows[0].body, as_of };
}

/** The entries of these ids that are known, by id. */
export async function readEntries(
  db: Db,
  { as_of, table }: At,
  category: Category,
  ids: Iterable<string>,
): Promise<Map<string, Entry>> {
  const keys = [...new Set(ids)].map((id) => `${category}-${id}`);
  if (keys.length === 0) return new Map();
  const { rows } = await sql<{ body: Entry }>`${prepared}
    select body from ${sql.table(table(registry, 'entries'))} t
    where key = any (${textArray(keys)}::text[]) and ${heldAt(as_of.position)}`.execute(db);
  return new Map(rows.map(({ body }) => [body.id, body]));
}
