/** Boxes on the map. */
import { type RawBuilder, sql } from 'kysely';

/** West, south, east, north in degrees; west is greater where it crosses the antimeridian. */
export type Box = readonly [number, number, number, number];

/** Whether the columns `longitude` and `latitude` are in the box, its edges included. */
export function isInBox([west, south, east, north]: Box): RawBuilder<boolean> {
  const between =
    west <= east
      ? sql`longitude between ${west} and ${east}`
      : sql`(longitude >= ${west} or longitude <= ${east})`;
  return sql<boolean>`(latitude between ${south} and ${north} and ${between})`;
}
