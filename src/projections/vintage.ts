/** The vintage of a view: as of which position of the log it answers, and from which tables. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import { type Db, isMirror, readHead } from '../db.ts';
import { int4Array, textArray } from '../eventstore/binary-array.ts';
import { prepared } from '../pooled-client.ts';
import type { Projection } from './projection.ts';
import { tableOf } from './rows.ts';

const checkIntervalMs = 5;

export const AsOf = Type.Object({
  position: Type.Integer({ minimum: 0, description: 'The answer knows the log up to here.' }),
  known_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When the event there was recorded.',
  }),
  valid_at: Type.Union([Type.String(), Type.Null()], {
    description: 'The moment that was asked about; null: whatever was said last.',
  }),
  projection_version: Type.Integer({
    minimum: 1,
    description: 'The highest of the projections that it is read from.',
  }),
});
export type AsOf = Static<typeof AsOf>;

/** Which past is asked for: none, by position, or by what had been recorded at a moment. */
export type Asked = { at_position?: number; known_at?: string; valid_at?: string };

/** Where a view reads: rows held at `as_of.position`, of tables that stay for a while. */
export type At = {
  readonly as_of: AsOf;
  /** Versions and generations of its projections: the same text and position, the same rows. */
  readonly edition: string;
  /** The table of that name of a projection that the vintage was read for. */
  table(projection: Projection, name: string): string;
};

/** The view has not come to the position asked for in the time given: ask again. */
export class ViewBehind extends Error {}

/** The position asked for is beyond the end of the log. */
export class BeyondLog extends Error {}

/**
 * The vintage of an answer from these projections: as of what was asked for, or of the least of
 * their checkpoints where that is earlier. Throws `BeyondLog` for a position that no event has.
 * `known_at` null: nothing was known yet.
 */
export async function readVintage(
  db: Db,
  projections: readonly Projection[],
  asked: Asked = {},
): Promise<At> {
  const { at_position = null, known_at = null, valid_at = null } = asked;
  const names = textArray(projections.map(({ name }) => name));
  const versions = projections.map(({ version }) => version);
  type Found = {
    position: number;
    recorded_at: string | null;
    head: number;
    generations: Record<string, number>;
  };
  const { rows } = await sql<Found>`${prepared}
    select views.generations, at.position, e.recorded_at,
           case when ${at_position}::bigint > views.position
                then coalesce((select max(position) from events), 0) else views.position end as head
    from (select min(p.position) as position, json_object_agg(p.name, p.generation) as generations
          from projections p
          join unnest(${names}::text[], ${int4Array(versions)}::integer[]) as of(name, version)
            using (name, version)
          where p.role = 'live') as views
    cross join lateral (select case
      when ${at_position}::bigint is not null then least(${at_position}::bigint, views.position)
      when ${known_at}::timestamptz is not null
        then position_known_at(${known_at}::timestamptz, views.position)
      else views.position end as position) as at
    left join events e on e.position = at.position`.execute(db);
  const { generations, position, recorded_at, head } = rows[0] as Found;
  const generationOf = ({ name, version }: Projection) => {
    const generation = generations?.[name];
    if (generation === undefined) throw new Error(`${name} of version ${version} is not there`);
    return generation;
  };
  const edition = projections.map((one) => `${one.name} ${one.version} ${generationOf(one)}`);
  if (at_position !== null && at_position > head) {
    throw new BeyondLog(`the log ends at position ${head}`);
  }
  return {
    edition: edition.join(),
    as_of: { position, known_at: recorded_at, valid_at, projection_version: Math.max(...versions) },
    table: (projection, name) => tableOf(projection, generationOf(projection), name),
  };
}

/**
 * Resolves once all of the projections have applied `position`; throws `ViewBehind` after `waitMs`,
 * and `BeyondLog` at once as `refuseBeyondLog` does: waiting would not help.
 */
export async function waitForPosition(
  db: Db,
  projections: readonly Projection[],
  position: number,
  waitMs: number,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (let isInLog = false; ; isInLog = true) {
    const { as_of } = await readVintage(db, projections);
    if (as_of.position >= position) return;
    if (!isInLog) await refuseBeyondLog(db, position);
    if (Date.now() >= deadline) {
      throw new ViewBehind(`the view is at position ${as_of.position}, not yet at ${position}`);
    }
    await sleep(checkIntervalMs);
  }
}

/**
 * Throws `BeyondLog` where no event has that position yet. Of a mirror nobody can say that: the log
 * that it copies may have come there, and a client with it.
 */
export async function refuseBeyondLog(db: Db, position: number): Promise<void> {
  const head = await readHead(db);
  if (position <= head || (await isMirror(db))) return;
  throw new BeyondLog(`the log ends at position ${head}, before ${position}`);
}
