/** How projections are doing: what operators ask, over HTTP and at the terminal. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { orNull } from '../domain/vocabulary.ts';
import type { Generation } from './generations.ts';
import type { Projection } from './projection.ts';

const Comparison = Type.Object(
  {
    position: Type.Integer(),
    rows: Type.Integer(),
    differences: Type.Integer(),
    first: orNull(Type.Object({ table: Type.String(), key: Type.String(), since: Type.Integer() })),
  },
  { description: 'With the generation whose place it took, as of a position that both knew.' },
);
const running = {
  generation: Type.Integer(),
  state: Type.String({ enum: ['running', 'paused'] }),
  position: Type.Integer(),
  lag_events: Type.Integer(),
  rate: Type.Number({ description: 'Events a second, over its last batches.' }),
  last_error: orNull(Type.String()),
  error_position: orNull(Type.Integer({ description: 'Of the event that it is about.' })),
};
export const ProjectionStatus = Type.Object({
  name: Type.String(),
  version: Type.Integer(),
  ...running,
  lag_seconds: Type.Number({ description: 'Since the first event it lacks was recorded.' }),
  comparison: orNull(Comparison),
  rebuild: orNull(
    Type.Object({
      ...running,
      events_per_second_max: orNull(Type.Integer()),
      eta_seconds: orNull(Type.Number({ description: 'At this rate, to the end of the log.' })),
    }),
  ),
});
export type ProjectionStatus = Static<typeof ProjectionStatus>;

/** The status of each. */
export async function listStatuses(
  db: Db,
  projections: readonly Projection[],
): Promise<ProjectionStatus[]> {
  // One statement, so that no position is beyond the head.
  const { rows } = await sql<Generation & { head: number; lag_seconds: number }>`
    select p.*, greatest(p.position, head.position) as head,
           coalesce(extract(epoch from clock_timestamp() - e.recorded_at), 0)::float8
             as lag_seconds
    from projections p
    cross join (select coalesce(max(position), 0) as position from events) as head
    left join events e on e.position = p.position + 1
    where p.role <> 'retired'`.execute(db);
  return projections.flatMap(({ name, version }) => {
    const own = rows.filter((row) => row.name === name && row.version === version);
    const live = own.find(({ role }) => role === 'live');
    const building = own.find(({ role }) => role === 'building');
    if (live === undefined) return [];
    return {
      name,
      version,
      ...runningOf(live),
      lag_seconds: live.lag_seconds,
      comparison: live.comparison,
      rebuild: building === undefined ? null : rebuildOf(building),
    };
  });
}

function rebuildOf(row: Generation & { head: number }) {
  const { events_per_second_max, rate } = row;
  const running = runningOf(row);
  const eta_seconds = rate > 0 ? running.lag_events / rate : null;
  return { ...running, events_per_second_max, eta_seconds };
}

function runningOf(row: Generation & { head: number }) {
  const { generation, state, position, head, rate, last_error, error_position } = row;
  return {
    ...{ generation, state, position, lag_events: head - position, rate },
    ...{ last_error, error_position },
  };
}
