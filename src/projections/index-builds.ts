/**
 * The indexes of generations that are being built, made once their rows are there. Each is a
 * transaction of its own: two are made at a time, whichever table they are of, and what a killed
 * process has made need not be made again.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { Generation } from './generations.ts';
import type { Projection } from './projection.ts';
import { type Index, indexesOf } from './rows.ts';

/** How many are made at once: with two, neither core waits where there are two. */
const buildsMax = 2;
/** What each may take. */
const timeout = '1h';
const memory = '256MB';

type Generations = ReadonlyMap<Projection, Pick<Generation, 'generation'>>;
type Build = {
  readonly projection: Projection;
  readonly generation: number;
  readonly index: Index;
};

/**
 * Makes the indexes that these lack, and answers which of them have all: other processes may be at
 * the indexes of the rest. `attempt` makes one of a projection, and answers false where it failed.
 */
export async function buildIndexes(
  db: Db,
  generations: Generations,
  attempt: (projection: Projection, build: () => Promise<boolean>) => Promise<boolean>,
): Promise<Projection[]> {
  const unfinished = new Set<Projection>();
  // One way through them for all who build: each is somebody's.
  const left = (await lacking(db, generations)).values();
  const buildNext = async () => {
    for (const build of left) {
      const isMade = await attempt(build.projection, () => buildOne(db, build));
      if (!isMade) unfinished.add(build.projection);
    }
  };
  await Promise.all(Array.from({ length: buildsMax }, buildNext));
  return [...generations.keys()].filter((projection) => !unfinished.has(projection));
}

// The ones that take longest first, so that none is left to the end alone.
async function lacking(db: Db, generations: Generations): Promise<Build[]> {
  const builds = [...generations].flatMap(([projection, { generation }]) =>
    indexesOf(projection, generation).map((index) => ({ projection, generation, index })),
  );
  const names = builds.map(({ index }) => index.name);
  const { rows } = await sql<{ name: string }>`
    select indexname as name from pg_indexes
    where schemaname = current_schema() and indexname = any(${names})`.execute(db);
  const made = new Set(rows.map(({ name }) => name));
  return builds
    .filter(({ index }) => !made.has(index.name))
    .toSorted((a, b) => Number(b.index.isInverted) - Number(a.index.isInverted));
}

// False where it was not made: another process makes it or takes its generation further, or the
// generation was given up.
function buildOne(db: Db, { projection, generation, index }: Build): Promise<boolean> {
  const { name, version } = projection;
  return db.transaction().execute(async (transaction) => {
    // By one process of PostgreSQL: several for one index take more of the CPU, and as long.
    await sql`select set_config('statement_timeout', ${timeout}, true),
      set_config('maintenance_work_mem', ${memory}, true),
      set_config('max_parallel_maintenance_workers', '0', true)`.execute(transaction);
    // Shared with those who make its other indexes, and held against who would take it further.
    const { rows } = await sql<{ isOurs: boolean }>`
      select pg_try_advisory_xact_lock(hashtext(${`index ${index.name}`})) as "isOurs"
      from projections
      where name = ${name} and version = ${version} and generation = ${generation}
        and role = 'building'
      for key share skip locked`.execute(transaction);
    if (rows[0]?.isOurs !== true) return false;
    await index.statement.execute(transaction);
    return true;
  });
}
