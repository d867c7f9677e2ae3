/** The claims that count, read by their slots: as many as there are slots, however many claims. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import type { CasualtySubject } from '../domain/casualty-subject.ts';
import type { ClaimSubject } from '../domain/claim-subject.ts';
import { lastMs } from '../domain/times.ts';
import { textArray } from '../eventstore/binary-array.ts';
import { prepared } from '../pooled-client.ts';
import type { KnownClaim } from './claim-tables.ts';
import { claims } from './claims.ts';
import { knownClaim, type ToldClaim, tellingClaim } from './known-claims.ts';
import { momentAt } from './moments.ts';
import { forever, heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** The claim that counts of those with one subject. */
export type CountedClaim<S extends ClaimSubject = ClaimSubject> = KnownClaim & {
  readonly subject: S;
};
/** A slot whose claims are added up: as long as `since` is the same, so is the sum. */
export type SumSlot = {
  readonly key: string;
  readonly since: number;
  readonly subject: CasualtySubject;
};
/** The latest claims with a subject of totals or states, whatever became of them; last first. */
export type LatestClaims = Pick<SumSlot, 'key' | 'subject'> & {
  readonly latest: readonly KnownClaim[];
};

/** Whose claims: those of a conflict, or those about the control of a place. */
export type Whose = { readonly conflict: string } | { readonly place: string };

/**
 * The claims that count, but for casualties, in the order in which their subjects first came up; of
 * control those that count as of `valid_at`, where that is asked for.
 */
export async function listCounted(db: Db, at: At, whose: Whose): Promise<CountedClaim[]> {
  const { position, valid_at } = at.as_of;
  const { rows } = await sql<{ subject: ClaimSubject } & ToldClaim>`${prepared}
    select s.body -> 'subject' as subject, ${tellingClaim('c')} from ${slotsOf(at, whose)}
    cross join lateral (select body, made from ${sql.table(at.table(claims, 'claims'))} c
      where c.subject = s.key and ${valid_at === null ? downFromSlot : downFrom(valid_at)}
        and c.lifecycle in ('active', 'corrected') and ${heldAt(position, 'c')}
      order by ${lastFirst} limit 1) c
    where s.kind <> 'casualties' order by s.since`.execute(db);
  return rows.map(({ subject, ...told }) => ({ ...knownClaim(told), subject }));
}

/** The slots of a conflict whose claims are added up, in that order. */
export async function listSums(db: Db, at: At, conflictId: string): Promise<SumSlot[]> {
  const { rows } = await sql<SumSlot>`${prepared}
    select s.key, l.since, s.body -> 'subject' as subject
    from ${slotsOf(at, { conflict: conflictId })}
    where s.kind = 'casualties' and l.made is null order by s.since`.execute(db);
  return rows;
}

/** The latest claims of totals and states of casualties, `limit` of each subject at most. */
export async function listTotals(
  db: Db,
  at: At,
  conflictId: string,
  limit: number,
): Promise<LatestClaims[]> {
  const { rows } = await sql<Omit<SumSlot, 'since'> & ToldClaim>`${prepared}
    select s.key, s.body -> 'subject' as subject, ${tellingClaim('c')}
    from ${slotsOf(at, { conflict: conflictId })}
    cross join lateral (select body, order_at, said_at, made
      from ${sql.table(at.table(claims, 'claims'))} c
      where c.subject = s.key and ${downFromSlot} and ${heldAt(at.as_of.position, 'c')}
      order by ${lastFirst} limit ${sql.lit(limit)}) c
    where s.kind = 'casualties' and l.made is not null
    order by s.since, ${lastFirst}`.execute(db);
  return [...Map.groupBy(rows, ({ key }) => key)].map(([key, group]) => {
    const { subject } = group[0] as (typeof rows)[number];
    return { key, subject, latest: group.map(knownClaim) };
  });
}

/** All claims that have these subjects, whatever their lifecycle, by the key of the subject. */
export async function readMembers(
  db: Db,
  { as_of, table }: At,
  keys: readonly string[],
): Promise<Map<string, KnownClaim[]>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<{ subject: string } & ToldClaim>`${prepared}
    select subject, ${tellingClaim('c')} from ${sql.table(table(claims, 'claims'))} c
    where subject = any (${textArray(keys)}::text[]) and ${heldAt(as_of.position, 'c')}
    order by made`.execute(db);
  const bySubject = Map.groupBy(rows, ({ subject }) => subject);
  return new Map([...bySubject].map(([key, group]) => [key, group.map(knownClaim)]));
}

const lastFirst = sql`c.order_at desc, c.said_at desc, c.made desc`;
const downFromSlot = sql`(c.order_at, c.said_at, c.made) <= (l.order_at, l.said_at, l.made)`;

// As the slot has it, but for control that begins later: that is passed over at once. What tells no
// time holds at none that is asked about.
function downFrom(validAt: string): RawBuilder<boolean> {
  const last = momentAt(lastMs(validAt));
  const either = (moment: RawBuilder<unknown>, column: string) =>
    sql`case when s.kind = 'control' and l.order_at > ${last} then ${moment}
             else ${sql.ref(`l.${column}`)} end`;
  return sql<boolean>`(c.order_at, c.said_at, c.made)
      <= (${either(last, 'order_at')}, ${either(sql`'infinity'::timestamptz`, 'said_at')},
          ${either(sql`${forever}::bigint`, 'made')})
    and (s.kind <> 'control' or c.order_at > '-infinity')`;
}

// Subjects `s` with their slots `l` as of the position: the last version of each key alone, some
// have many.
function slotsOf({ as_of: { position }, table }: At, whose: Whose): RawBuilder<unknown> {
  const isTheirs =
    'place' in whose ? sql`t.place_id = ${whose.place}` : sql`t.conflict_id = ${whose.conflict}`;
  return sql`(select * from ${sql.table(table(claims, 'subjects'))} t
      where ${isTheirs} and ${heldAt(position)}) s
    cross join lateral (select * from ${sql.table(table(claims, 'slots'))} t
      where t.key = s.key and t.since <= ${position} order by t.since desc limit 1) l`;
}
