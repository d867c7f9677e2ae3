/**
 * The claims about the control of a place, read by what each claimant said of it: as many as there
 * are claimants, however often they spoke.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import { endMs, isDate } from '../domain/times.ts';
import type { ClaimBody } from './claim-tables.ts';
import { claims } from './claims.ts';
import { momentAt } from './moments.ts';
import { heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** After what holds from then, was said then and was made there; -Infinity where nothing tells. */
export type StatedCursor = {
  readonly validMs: number;
  readonly saidMs: number;
  readonly position: number;
};

/** The claim of each claimant that counts, as of `valid_at` where that is asked for. */
export async function readCounting(db: Db, at: At, placeId: string): Promise<ClaimBody[]> {
  const { position, valid_at } = at.as_of;
  const table = (name: string) => sql.table(at.table(claims, name));
  if (valid_at === null) {
    return bodiesOf(
      await sql<{ body: ClaimBody }>`
        select c.body from ${table('subjects')} s
        join ${table('slots')} l on l.key = s.key and ${heldAt(position, 'l')}
        join ${table('claims')} c on c.key = l.claim_id and ${heldAt(position, 'c')}
        where s.place_id = ${placeId} and ${heldAt(position, 's')}`.execute(db),
    );
  }
  const lastMs = isDate(valid_at) ? endMs(valid_at) - 1 : endMs(valid_at);
  return bodiesOf(
    await sql<{ body: ClaimBody }>`
      select c.body from ${table('subjects')} s
      cross join lateral (select body from ${table('claims')} c
        where c.subject = s.key and c.valid_from > '-infinity' and c.valid_from <= ${momentAt(lastMs)}
          and c.lifecycle in ('active', 'corrected') and ${heldAt(position, 'c')}
        order by c.valid_from desc, c.said_at desc, c.made desc limit 1) c
      where s.place_id = ${placeId} and ${heldAt(position, 's')}`.execute(db),
  );
}

/** Those that name the place and state nothing of it alone: the last made, `limit` at most. */
export async function readElsewhere(
  db: Db,
  { as_of: { position }, table }: At,
  placeId: string,
  limit: number,
): Promise<ClaimBody[]> {
  return bodiesOf(
    await sql<{ body: ClaimBody }>`
      select c.body from ${sql.table(table(claims, 'claims'))} c
      left join ${sql.table(table(claims, 'subjects'))} s
        on s.key = c.subject and ${heldAt(position, 's')}
      where c.tags @> ${[`place:${placeId}`]}::text[] and c.kind = 'control'
        and c.lifecycle in ('active', 'corrected') and ${heldAt(position, 'c')}
        and s.place_id is null
      order by c.made desc limit ${limit}`.execute(db),
  );
}

/** All that state it, whatever became of them, in the order in which they hold: a page. */
export async function readStating(
  db: Db,
  { as_of: { position }, table }: At,
  placeId: string,
  { after, limit }: { readonly after?: StatedCursor | undefined; readonly limit: number },
): Promise<ClaimBody[]> {
  const order = (alias: string) =>
    sql.join(['valid_from', 'said_at', 'made'].map((column) => sql.ref(`${alias}.${column}`)));
  const beyond: RawBuilder<unknown> =
    after === undefined
      ? sql`true`
      : sql`(${order('c')}) > (${momentAt(after.validMs)}, ${momentAt(after.saidMs)},
                               ${after.position}::bigint)`;
  return bodiesOf(
    await sql<{ body: ClaimBody }>`
      select c.body from ${sql.table(table(claims, 'subjects'))} s
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
    where c.tags @> ${[`place:${placeId}`]}::text[] and c.since <= ${position}
    order by key`.execute(db);
  return rows.map(({ key }) => key);
}

function bodiesOf({ rows }: { readonly rows: readonly { body: ClaimBody }[] }): ClaimBody[] {
  return rows.map(({ body }) => body);
}
