/** Claims as they stand, one by one and as a list: each with its claimant and its status. */
import { type RawBuilder, sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { saidAtMs } from '../domain/recorded.ts';
import { textArray } from '../eventstore/binary-array.ts';
import { prepared, preparedUnless } from '../pooled-client.ts';
import { Claim, claimOf } from './claim-shape.ts';
import { claimTags, type KnownClaim } from './claim-tables.ts';
import { claims } from './claims.ts';
import { knownClaim, type ToldClaim, tellingClaim } from './known-claims.ts';
import { isRecordedWithin, isWithin, markedBy, markOf, momentAt } from './moments.ts';
import { heldAt } from './rows.ts';
import { tagArray } from './tags.ts';
import { AsOf, type At } from './vintage.ts';

/** GET /v1/claims/{id}. */
export const ClaimAsOf = Type.Object({ ...Claim.properties, as_of: AsOf });

/** Which claims to list: every filter given must hold. */
export type ClaimQuery = {
  readonly conflict?: string;
  readonly claimant?: string;
  readonly kind?: string;
  readonly actor?: string;
  readonly place?: string;
  readonly report?: string;
  readonly side?: string;
  readonly verification?: string;
  readonly lifecycle?: string;
  readonly said_from?: string;
  readonly said_to?: string;
  readonly occurred_from?: string;
  readonly occurred_to?: string;
  readonly recorded_from?: string;
  readonly recorded_to?: string;
  readonly sort: 'said' | 'position';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: ClaimCursor | undefined;
};
/** The last claim of the page before: when it was said, -Infinity where that is not told. */
export type ClaimCursor = { readonly saidMs: number; readonly position: number };

/** A page of claims as they stood at `at`; `next` is the text of the cursor of the next one. */
export async function listClaims(
  db: Db,
  at: At,
  query: ClaimQuery,
): Promise<{ items: Claim[]; next: string | null }> {
  const { as_of, table } = at;
  const { sort, order, limit, after } = query;
  const columns = sort === 'position' ? ['t.made'] : ['t.said_at', 't.made'];
  const by = columns.map((column) => sql`${sql.ref(column)} ${sql.raw(order)}`);
  const conditions = conditionsOf(query, as_of.position);
  const wanted = [
    heldAt(as_of.position),
    notLater(at, query),
    ...conditions,
    ...(after === undefined ? [] : [beyond(sort, order, after)]),
  ];
  const { rows } = await sql<ToldClaim>`${preparedUnless(conditions)}
    select ${tellingClaim('t')} from ${sql.table(table(claims, 'claims'))} t
    where ${sql.join(wanted, sql` and `)} order by ${sql.join(by)}
    limit ${sql.lit(limit + 1)}`.execute(db);
  const page = rows.slice(0, limit).map(knownClaim);
  const last = rows.length > limit ? page.at(-1)?.state : undefined;
  return {
    items: page.map(claimOf),
    next: last === undefined ? null : `${markOf(saidAtMs(last.current))}~${last.position}`,
  };
}

/** The claim that the text of a cursor names; undefined if it names none. */
export function claimAfter(text: string): ClaimCursor | undefined {
  const [said, position, ...others] = text.split('~').map(markedBy);
  if (said === undefined || position === undefined || others.length > 0) return undefined;
  return Number.isFinite(position) ? { saidMs: said, position } : undefined;
}

/** The claim as it stood at `at`; undefined if there was none. */
export async function findClaim(
  db: Db,
  at: At,
  id: string,
): Promise<Static<typeof ClaimAsOf> | undefined> {
  const [claim] = await readClaims(db, at, [id]);
  return claim && { ...claimOf(claim), as_of: at.as_of };
}

/** The claims of these ids, as far as there are such, in order of id. */
export async function readClaims(
  db: Db,
  { as_of, table }: At,
  ids: readonly string[],
): Promise<KnownClaim[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<ToldClaim>`${prepared}
    select ${tellingClaim('t')} from ${sql.table(table(claims, 'claims'))} t
    where key = any (${textArray(ids)}::text[]) and ${heldAt(as_of.position)}
    order by key`.execute(db);
  return rows.map(knownClaim);
}

function conditionsOf(query: ClaimQuery, position: number) {
  const { conflict, claimant, kind, verification, lifecycle } = query;
  const equal = { conflict_id: conflict, claimant_id: claimant, kind, verification, lifecycle };
  const tags = (['actor', 'place', 'report', 'side'] as const).flatMap((kind) => {
    const id = query[kind];
    return id === undefined ? [] : [claimTags[kind](id)];
  });
  return [
    ...Object.entries(equal).flatMap(([column, value]) =>
      value === undefined ? [] : [sql`${sql.ref(`t.${column}`)} = ${value}`],
    ),
    ...(tags.length === 0 ? [] : [sql`t.tags @> ${tagArray(tags)}`]),
    ...isWithin('t.said_at', { from: query.said_from, to: query.said_to }),
    ...isWithin('t.occurred_until', { from: query.occurred_from }),
    ...isWithin('t.occurred_at', { to: query.occurred_to }),
    ...isRecordedWithin('t.made', { from: query.recorded_from, to: query.recorded_to }, position),
    // Who does not say when said it at no time that could be asked for.
    ...(query.said_to === undefined ? [] : [sql`t.said_at > '-infinity'`]),
  ];
}

// Of all the claims in the order of the list, those that the past did not know come first: where
// they end is told, so that they need not be passed.
function notLater({ as_of: { position }, table }: At, { sort, conflict }: ClaimQuery) {
  if (sort === 'position') return sql`t.made <= ${position}`;
  const name = (one: string) => sql.table(table(claims, one));
  // A total has many versions, and none is without the next: the last one by then is looked up.
  const untilOf = (conflictId: RawBuilder<unknown>) => sql`(
    select o.said_until from ${name('totals')} o
    where o.key = ${conflictId} and o.since <= ${position} order by o.since desc limit 1)`;
  if (conflict !== undefined) return sql`t.said_at <= ${untilOf(sql`${conflict}`)}`;
  return sql`t.said_at <= (
    select max(${untilOf(sql`substr(s.key, length('conflict-') + 1)`)})
    from ${name('sides')} s where s.key >= 'conflict-' and s.key < 'conflict.')`;
}

function beyond(sort: string, order: string, { saidMs, position }: ClaimCursor) {
  const than = sql.raw(order === 'asc' ? '>' : '<');
  if (sort === 'position') return sql`t.made ${than} ${position}`;
  return sql`(t.said_at, t.made) ${than} (${momentAt(saidMs)}, ${position}::bigint)`;
}
