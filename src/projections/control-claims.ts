/**
 * The claims about the control of a place, read by what each claimant said of it: as many as there
 * are claimants, however often they spoke.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import { claimTags, type KnownClaim } from './claim-tables.ts';
import { claims } from './claims.ts';
import { listCounted } from './counted-claims.ts';
import { knownClaim, type ToldClaim, tellingClaim } from './known-claims.ts';
import { momentAt } from './moments.ts';
import { heldAt } from './rows.ts';
import { tagArray } from './tags.ts';
import type { At } from './vintage.ts';

/** A claim about control, and how far it is checked. */
export type ControlClaim = ClaimState & Pick<KnownClaim, 'verification'>;

/** After what holds from then, was said then and was made there; -Infinity where nothing tells. */
export type StatedCursor = {
  readonly validMs: number;
  readonly saidMs: number;
  readonly position: number;
};

/** The claim of each claimant that counts, as of `valid_at` where that is asked for. */
export async function readCounting(db: Db, at: At, placeId: string): Promise<ControlClaim[]> {
  const counted = await listCounted(db, at, { place: placeId });
  return counted.map(({ state, verification }) => ({ ...state, verification }));
}

/** The last made that name the place and state nothing of it alone, in the order of the log. */
export async function readElsewhere(
  db: Db,
  { as_of: { position }, table }: At,
  placeId: string,
  limit: number,
): Promise<ControlClaim[]> {
  const last = claimsOf(
    await sql<ToldClaim>`
      select ${tellingClaim('c')} from ${sql.table(table(claims, 'claims'))} c
      left join ${sql.table(table(claims, 'subjects'))} s
        on s.key = c.subject and ${heldAt(position, 's')}
      where c.tags @> ${tagArray([claimTags.place(placeId)])} and c.kind = 'control'
        and c.lifecycle in ('active', 'corrected') and ${heldAt(position, 'c')}
        and s.place_id is null
      order by c.made desc limit ${limit}`.execute(db),
  );
  return last.reverse();
}

/** All that state it, whatever became of them, in the order in which they hold: a page. */
export async function readStating(
  db: Db,
  { as_of: { position }, table }: At,
  placeId: string,
  { after, limit }: { readonly after?: StatedCursor | undefined; readonly limit: number },
): Promise<ControlClaim[]> {
  const order = (alias: string) =>
    sql.join(['order_at', 'said_at', 'made'].map((column) => sql.ref(`${alias}.${column}`)));
  const beyond: RawBuilder<unknown> =
    after === undefined
      ? sql`true`
      : sql`(${order('c')}) > (${momentAt(after.validMs)}, ${momentAt(after.saidMs)},
                               ${after.position}::bigint)`;
  return claimsOf(
    await sql<ToldClaim>`
      select ${tellingClaim('c')} from ${sql.table(table(claims, 'subjects'))} s
      cross join lateral (select * from ${sql.table(table(claims, 'claims'))} c
        where c.subject = s.key and ${beyond} and ${heldAt(position, 'c')}
        order by ${order('c')} limit ${limit}) c
      where s.place_id = ${placeId} and ${heldAt(position, 's')}
      order by ${order('c')} limit ${limit}`.execute(db),
  );
}

/** The ids of all claims that ever named the place in one about control, up to the position. */
export async function findEverAbout(
  db: Db,
  { as_of: { position }, table }: At,
  placeId: string,
): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select distinct key from ${sql.table(table(claims, 'claims'))} c
    where c.tags @> ${tagArray([claimTags.place(placeId)])} and c.since <= ${position}
    order by key`.execute(db);
  return rows.map(({ key }) => key);
}

function claimsOf({ rows }: { readonly rows: readonly ToldClaim[] }): ControlClaim[] {
  return rows.map(knownClaim).map(({ state, verification }) => ({ ...state, verification }));
}
