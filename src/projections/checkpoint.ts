/** Checkpoints of generations: held while a batch is applied, moved in its transaction. */
import type { Folded } from './apply.ts';
import type { Generation, Role } from './generations.ts';
import type { Projection } from './projection.ts';
import type { Send, Statement } from './statements.ts';

/** Of what is known of the rate, the part that the last batch tells. */
const rateWeight = 0.3;

export type Held = Pick<Generation, 'generation' | 'position' | 'events_per_second_max'>;

/**
 * Holds the checkpoints of those that run, may go on by their pace, and are not held by another
 * process, until the transaction ends.
 */
export async function hold(
  send: Send,
  projections: readonly Projection[],
  role: Role,
): Promise<Map<Projection, Held>> {
  const names = projections.map(({ name }) => name);
  const versions = projections.map(({ version }) => version);
  const rows = (await send({
    text: `
      select name, generation, position, events_per_second_max from projections
      where (name, version) in (select * from unnest($1::text[], $2::integer[])) and role = $3
        and state = 'running' and not_before <= clock_timestamp()
      for update skip locked`,
    values: [names, versions, role],
  })) as (Held & { name: string })[];
  return new Map(
    projections.flatMap((projection) => {
      const held = rows.find(({ name }) => name === projection.name);
      return held === undefined ? [] : [[projection, held]];
    }),
  );
}

/** Moves a checkpoint that is held; what it failed at pauses the generation. */
export function moved(
  { name, version }: Projection,
  { generation, events_per_second_max: rateMax }: Held,
  { position, failure }: Folded,
  { events, seconds }: { events: number; seconds: number },
): Statement {
  const waitMs = rateMax === null ? 0 : Math.max(0, (events / rateMax - seconds) * 1_000);
  const rate = events / (seconds + waitMs / 1_000);
  return {
    text: `
      update projections
      set position = $4, rate = rate + ${rateWeight} * ($5 - rate),
          not_before = clock_timestamp() + $6 * interval '1 ms',
          state = case when $7::text is null then state else 'paused' end,
          last_error = coalesce($7, last_error), error_position = coalesce($8, error_position)
      where name = $1 and version = $2 and generation = $3`,
    values: [
      ...[name, version, generation, position, rate, waitMs],
      ...[failure?.message ?? null, failure?.position ?? null],
    ],
  };
}
