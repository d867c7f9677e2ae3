/** What all views take and tell: read your write, and how far into the log the answer knows. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import type { Projection } from '../projections/projection.ts';
import { type AsOf, waitForPosition } from '../projections/vintage.ts';

/** Query parameters: a view waits up to `wait_ms` until it knows `min_position`. */
export const reading = {
  min_position: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  wait_ms: Type.Integer({ minimum: 0, maximum: 10_000, default: 2_000 }),
};
export type Reading = { min_position?: number; wait_ms: number };

/** Waits as `reading` says; throws `ViewBehind` where that is too long. */
export async function readYourWrite(
  db: Db,
  projection: Projection,
  { min_position, wait_ms }: Reading,
): Promise<void> {
  if (min_position !== undefined) await waitForPosition(db, projection, min_position, wait_ms);
}

/** Tells the position that the answer knows. */
export function withVintage(reply: FastifyReply, asOf: AsOf): FastifyReply {
  return reply.header('x-position', String(asOf.position));
}
