/** Checkpoints of generations: held while a batch is applied, moved in its transaction. */
import { float8Array, int4Array, int8Array, textArray } from '../eventstore/binary-array.ts';
import type { Folded } from './apply.ts';
import type { Generation, Role } from './generations.ts';
import type { Projection } from './projection.ts';
import type { Statement } from './statements.ts';

/** Of what is known of the rate, the part that the last batch tells. */
const rateWeight = 0.3;

export type Held = Pick<Generation, 'generation' | 'position' | 'events_per_second_max'>;

/**
 * Holds the checkpoints of those that run, may go on by their pace, and are not held by another
 * process, until the transaction ends.
 */
export function holding(projections: readonly Projection[], role: Role): Statement {
  const names = textArray(projections.map(({ name }) => name));
  const versions = int4Array(projections.map(({ version }) => version));
  return {
    text: `
      select name, generation, position, events_per_second_max from projections
      where (name, version) in (select * from unnest($1::text[], $2::integer[])) and role = $3
        and state = 'running' and not_before <= clock_timestamp()
      for update skip locked`,
    values: [names, versions, role],
  };
}

/** Those of them that the answer to `holding` says are held now. */
export function heldOf(
  projections: readonly Projection[],
  answer: readonly object[],
): Map<Projection, Held> {
  const rows = answer as readonly (Held & { name: string })[];
  return new Map(
    projections.flatMap((projection) => {
      const held = rows.find(({ name }) => name === projection.name);
      return held === undefined ? [] : [[projection, held]];
    }),
  );
}

/** What was done for a projection whose checkpoint is held. */
export type Move = {
  readonly projection: Projection;
  readonly held: Held;
  readonly done: Folded;
};

/** Of a page that was taken. */
export type Pace = {
  readonly events: number;
  /** What it took; where `isStoring`, before the transaction that stores it began. */
  readonly seconds: number;
  /** The transaction has begun with it: what it has taken when this is run is of the page too. */
  readonly isStoring: boolean;
};

/** Moves the checkpoints of those that took a page together; what one failed at pauses it. */
export function moved(moves: readonly Move[], { events, seconds, isStoring }: Pace): Statement {
  // What is sent in one go with this is done when it is run: PostgreSQL alone knows what it took.
  const storing = isStoring ? 'extract(epoch from clock_timestamp() - now())' : '0';
  return {
    text: `
      update projections as p
      set position = m.position,
          rate = case when p.rate = 0 then m.rate
                 else p.rate + ${rateWeight} * (m.rate - p.rate) end,
          not_before = clock_timestamp() + m.wait * interval '1 s',
          state = case when m.error is null then p.state else 'paused' end,
          last_error = coalesce(m.error, p.last_error),
          error_position = coalesce(m.error_position, p.error_position)
      from (
        select u.*, events / greatest(took + wait, 1e-6) as rate, wait
        from (select ($7::float8[])[1] as events,
                     ($7::float8[])[2] + ${storing}::float8 as took) as pace
        cross join unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[], $5::text[],
                          $6::bigint[], $8::bigint[])
          as u(name, version, generation, position, error, error_position, rate_max)
        cross join lateral (
          select greatest(0, events / u.rate_max - took) as wait) as w) as m
      where p.name = m.name and p.version = m.version and p.generation = m.generation`,
    values: [
      textArray(moves.map(({ projection }) => projection.name)),
      int4Array(moves.map(({ projection }) => projection.version)),
      int4Array(moves.map(({ held }) => held.generation)),
      int8Array(moves.map(({ done }) => done.position)),
      textArray(moves.map(({ done }) => done.failure?.message ?? null)),
      int8Array(moves.map(({ done }) => done.failure?.position ?? null)),
      float8Array([events, seconds]),
      int8Array(moves.map(({ held }) => held.events_per_second_max)),
    ],
  };
}
