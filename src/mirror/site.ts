/** What a database is: the log's own, or a mirror; and how a mirror is doing. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { orNull } from '../domain/vocabulary.ts';
import { namesOf } from '../relay/topics.ts';

const waitingCountedMax = 10_000;
/** How far the mirror is, and what it waits for. */
export const MirrorProgress = Type.Object({
  waiting: Type.Integer({
    description:
      'Events that came before those that precede them; ' +
      `at most ${waitingCountedMax} are counted.`,
  }),
  missing: orNull(
    Type.Integer({ description: 'The position that those which wait are waiting for.' }),
  ),
  held: orNull(
    Type.String({ description: 'Why the event there could not be taken, where it has come.' }),
  ),
  dead_letters: Type.Integer({ description: 'Open ones: `frontlog dlq list`.' }),
});
export type MirrorProgress = Static<typeof MirrorProgress>;

/**
 * Makes an empty database a mirror, or sees to it that it is none. Throws, with what to do, where
 * it is the other already.
 */
export async function settleSite(db: Db, feed: 'log' | 'kafka'): Promise<void> {
  if (feed === 'kafka') {
    await sql`select become_mirror()`.execute(db);
    return;
  }
  const { role } = await readSite(db);
  if (role === 'primary') return;
  throw new Error(
    'the database is the mirror of a read site: set PROJECTION_FEED=kafka and ' +
      'ROLES=api,projector, or another DATABASE_URL',
  );
}

export function readSite(db: Db) {
  return db
    .selectFrom('log_identity')
    .select(['role', 'site_id', 'log_id'])
    .executeTakeFirstOrThrow();
}

/** The consumer group of the site, which is that of its database: no two can have the same. */
export async function siteGroup(db: Db, prefix: string): Promise<string> {
  return `${namesOf(prefix).siteGroups}${(await readSite(db)).site_id}`;
}

export async function readMirrorProgress(db: Db): Promise<MirrorProgress> {
  const { rows } = await sql<MirrorProgress>`
    with head as (select coalesce(max(position), 0) as position from events),
      waiting as (select count(*) from (select from waiting_events limit ${waitingCountedMax}) w),
      held as (select min(d.reason) as reason, count(*) as letters
               from dead_letters d, head h
               where d.state <> 'replayed' and d.position = h.position + 1)
    select waiting.count as waiting,
           case when waiting.count > 0 or held.letters > 0 then head.position + 1 end as missing,
           held.reason as held,
           (select count(*) from dead_letters where state = 'open') as dead_letters
    from head, waiting, held`.execute(db);
  return rows[0] as MirrorProgress;
}
