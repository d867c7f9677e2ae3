/** The replays there are, as PostgreSQL keeps them; how far one is for good, Kafka knows. */
import { isDeepStrictEqual } from 'node:util';
import type { Selectable } from 'kysely';
import { type Db, isUniqueViolation, type ReplaysTable } from '../db.ts';

export type Replay = Selectable<ReplaysTable>;
export type ReplayAsked = {
  readonly from: number;
  readonly to: number;
  /** Empty: all. */
  readonly types: readonly string[];
  readonly stream: string | undefined;
  /** Absent: one of its own. */
  readonly topic: string | undefined;
};

export type RefusalCode =
  | 'range-empty'
  | 'beyond-log'
  | 'topic-live'
  | 'topic-taken'
  | 'replay-exists'
  | 'replay-unknown'
  | 'replay-over';

/** It cannot be; the message says why. */
export class ReplayRefused extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

const identity = [...(['id', 'topic', 'types', 'stream', 'from_position', 'to_position'] as const)];
type Asked = Pick<Replay, (typeof identity)[number] | 'position' | 'run_by'>;

/** Notes a new one. Throws `ReplayRefused` where its id or its topic is taken. */
export async function noteReplay(db: Db, asked: Asked): Promise<Replay> {
  try {
    return await db.insertInto('replays').values(asked).returningAll().executeTakeFirstOrThrow();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const same = await findSame(db, asked);
    if (same !== undefined) return same;
    throw ofAnother(asked.topic);
  }
}

/** The one that was asked for before; throws `ReplayRefused` where its id is that of another. */
export async function findSame(db: Db, asked: Asked): Promise<Replay | undefined> {
  const known = await findReplay(db, asked.id);
  if (known === undefined) return undefined;
  const isSame = identity.every((name) => isDeepStrictEqual(known[name], asked[name]));
  if (isSame) return known;
  throw new ReplayRefused('replay-exists', `there is another replay ${asked.id}`);
}

/** That replay. */
export function findReplay(db: Db, id: string): Promise<Replay | undefined> {
  return db.selectFrom('replays').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Throws `ReplayRefused` where another replay has the topic. */
export async function refuseTaken(db: Db, topic: string): Promise<void> {
  const taken = await db.selectFrom('replays').where('topic', '=', topic).select('id').execute();
  if (taken.length > 0) throw ofAnother(topic);
}

/** A page, the newest first: those that were asked for before `before`. */
export function listReplays(
  db: Db,
  before: Pick<Replay, 'created_at' | 'id'> | undefined,
  limit: number,
): Promise<Replay[]> {
  const replays = db.selectFrom('replays').selectAll();
  const chosen =
    before === undefined
      ? replays
      : replays.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('created_at', 'id'), '<', tuple(before.created_at, before.id)),
        );
  return chosen.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

/** Those that the service has to do, the oldest first. */
export function listOfService(db: Db): Promise<Replay[]> {
  return db
    .selectFrom('replays')
    .selectAll()
    .where('state', '=', 'running')
    .where('run_by', '=', 'service')
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/**
 * Makes `runBy` the one that goes on with it, whoever is at it. Throws `ReplayRefused` where there
 * is none, or it is over.
 */
export async function takeReplay(db: Db, id: string, runBy: Replay['run_by']): Promise<Replay> {
  const taken = await db
    .updateTable('replays')
    .set({ run_by: runBy, last_error: null })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .returningAll()
    .executeTakeFirst();
  return taken ?? (await refuseOver(db, id));
}

/**
 * Ends a replay that is not done; what it has published stays. One that was cancelled before is so
 * already. Throws `ReplayRefused` where there is none, or it is done.
 */
export async function cancelReplay(db: Db, id: string): Promise<Replay> {
  const cancelled = await db
    .updateTable('replays')
    .set({ state: 'cancelled' })
    .where('id', '=', id)
    .where('state', '<>', 'done')
    .returningAll()
    .executeTakeFirst();
  return cancelled ?? (await refuseOver(db, id));
}

/** Notes how far it is, for others to see. Cancelled is not undone by who has not heard of it. */
export function noteProgress(
  db: Db,
  id: string,
  { position, published, isDone }: Pick<Replay, 'position' | 'published'> & { isDone: boolean },
): Promise<Replay> {
  return db
    .updateTable('replays')
    .set((is) => ({
      position,
      published,
      last_error: null,
      state: is
        .case()
        .when(is.and([is('state', '=', 'running'), is.val(isDone)]))
        .then('done' as const)
        .else(is.ref('state'))
        .end(),
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Notes why the service does not get on with it. */
export async function noteFault(db: Db, id: string, fault: string): Promise<void> {
  await db
    .updateTable('replays')
    .set({ last_error: fault })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('run_by', '=', 'service')
    .execute();
}

async function refuseOver(db: Db, id: string): Promise<never> {
  const found = await findReplay(db, id);
  if (found === undefined) throw new ReplayRefused('replay-unknown', `there is no replay ${id}`);
  throw new ReplayRefused('replay-over', `the replay ${id} is ${found.state}`);
}

function ofAnother(topic: string): ReplayRefused {
  return new ReplayRefused('topic-taken', `${topic} is the topic of another replay`);
}
