/**
 * The generations of a projection's tables: one answers, one may be being built beside it, one that
 * answered before is kept until no reader can be in it.
 */
import { type Selectable, sql } from 'kysely';
import { type Db, isUniqueViolation, type ProjectionsTable } from '../db.ts';
import type { Projection } from './projection.ts';
import { createIndexes, createTables, dropTables, setFilling } from './rows.ts';

/** Longer than any statement may take. */
const retiredKeptMs = 60_000;

/** An event of this age that an older version has not projected is one that nobody will. */
const outlivedAfter = '1 day';

export type Role = 'live' | 'building';
export type Generation = Selectable<ProjectionsTable>;

/** The projection is being rebuilt already. */
export class RebuildUnderWay extends Error {}

/**
 * Makes the projection's first generation, where there is none, and the tables it lacks. One that
 * an error paused is tried again; one that was told to pause stays so.
 */
export async function prepareProjection(db: Db, projection: Projection): Promise<void> {
  const { name, version } = projection;
  await db.transaction().execute(async (transaction) => {
    // Several processes may start at once.
    await sql`select pg_advisory_xact_lock(hashtext(${`projection ${name}`}))`.execute(transaction);
    const live = await findGeneration(transaction, projection, 'live');
    const generation = live?.generation ?? (await lastGeneration(transaction, projection)) + 1;
    if (live === undefined) {
      const row = { name, version, generation, role: 'live' as const };
      await transaction.insertInto('projections').values(row).execute();
    }
    await createTables(transaction, projection, generation);
    await createIndexes(transaction, projection, generation);
    await ofProjection(transaction, projection)
      .set({ state: 'running', last_error: null, error_position: null })
      .where('last_error', 'is not', null)
      .execute();
  });
  await dropRetired(db, projection);
}

/** The generation in that role. */
export function findGeneration(
  db: Db,
  { name, version }: Projection,
  role: Role,
): Promise<Generation | undefined> {
  return db
    .selectFrom('projections')
    .selectAll()
    .where('name', '=', name)
    .where('version', '=', version)
    .where('role', '=', role)
    .executeTakeFirst();
}

/** The generations in that role, of those that have one. */
export async function findGenerations(
  db: Db,
  projections: readonly Projection[],
  role: Role,
): Promise<Map<Projection, Generation>> {
  const found = await db.selectFrom('projections').selectAll().where('role', '=', role).execute();
  return new Map(
    projections.flatMap((projection) => {
      const { name, version } = projection;
      const own = found.find((one) => one.name === name && one.version === version);
      return own === undefined ? [] : [[projection, own] as const];
    }),
  );
}

/** Stops or lets go on what runs of the projection, the live generation and the one being built. */
export async function setState(
  db: Db,
  projection: Projection,
  state: Generation['state'],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // The one being built first, as who has it take the other's place holds them.
    const { name, version } = projection;
    const { rows } = await sql<Pick<Generation, 'generation'>>`
      select generation from projections
      where name = ${name} and version = ${version} and role <> 'retired'
      order by role = 'live' for update`.execute(transaction);
    for (const { generation } of rows) {
      await ofProjection(transaction, projection)
        .set({ state, last_error: null, error_position: null })
        .where('generation', '=', generation)
        .execute();
    }
  });
}

/** Stops one generation for an error that no event is to blame for. */
export async function stopFor(
  db: Db,
  projection: Projection,
  role: Role,
  error: Error,
): Promise<void> {
  await ofProjection(db, projection)
    .set({ state: 'paused', last_error: error.message })
    .where('role', '=', role)
    .where('state', '=', 'running')
    .execute();
}

/** Begins and answers the next generation, empty; throws `RebuildUnderWay` if there is one. */
export async function startRebuild(
  db: Db,
  projection: Projection,
  rateMax: number | null,
): Promise<number> {
  const { name, version } = projection;
  await dropRetired(db, projection);
  try {
    return await db.transaction().execute(async (transaction) => {
      const generation = (await lastGeneration(transaction, projection)) + 1;
      await transaction
        .insertInto('projections')
        .values({ name, version, generation, role: 'building', events_per_second_max: rateMax })
        .execute();
      await createTables(transaction, projection, generation);
      await setFilling(transaction, projection, generation, true);
      return generation;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new RebuildUnderWay(`${name} is being rebuilt already`);
  }
}

/** Gives up the generation being built; answers whether there was one. */
export function cancelRebuild(db: Db, projection: Projection): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const building = await deletion(transaction, projection, 'building').executeTakeFirst();
    if (building === undefined) return false;
    await dropTables(transaction, projection, building.generation);
    return true;
  });
}

/** Drops generations that no reader can be in any more. */
export function dropRetired(db: Db, projection: Projection): Promise<void> {
  return db.transaction().execute(async (transaction) => {
    const dropped = await deletion(transaction, projection, 'retired')
      .where('retired_at', '<', sql<string>`now() - ${`${retiredKeptMs} ms`}::interval`)
      .execute();
    for (const { generation } of dropped) await dropTables(transaction, projection, generation);
  });
}

/**
 * Drops generations of older versions that nobody takes further, once this version has come
 * further than they: until then the release before may be gone back to.
 */
export function dropOutlived(db: Db, { name, version }: Projection): Promise<void> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql<Pick<Generation, 'name' | 'version' | 'generation'>>`
      delete from projections p where p.name = ${name} and p.version < ${version}
        and exists (select from projections own where own.name = p.name
          and own.version = ${version} and own.role = 'live' and own.position > p.position)
        and exists (select from events e where e.position = p.position + 1
          and e.recorded_at < now() - ${outlivedAfter}::interval)
      returning p.name, p.version, p.generation`.execute(transaction);
    for (const one of rows) await dropTables(transaction, one, one.generation);
  });
}

function ofProjection(db: Db, { name, version }: Projection) {
  return db.updateTable('projections').where('name', '=', name).where('version', '=', version);
}

function deletion(db: Db, { name, version }: Projection, role: 'building' | 'retired') {
  return db
    .deleteFrom('projections')
    .where('name', '=', name)
    .where('version', '=', version)
    .where('role', '=', role)
    .returning('generation');
}

async function lastGeneration(db: Db, { name, version }: Projection): Promise<number> {
  const row = await db
    .selectFrom('projections')
    .select((of) => of.fn.max('generation').as('last'))
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
  return row?.last ?? 0;
}
