/** What all views take and tell: read your write, and how far into the log the answer knows. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import type { Projection } from '../projections/projection.ts';
import { type AsOf, waitForPosition } from '../projections/vintage.ts';

/** Query parameters: a view waits up to `wait_ms` until it knows `min_position`. */
export const reading = {
  min_position: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  wait_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, default: 2_000 })),
};
export type Reading = { min_position?: number; wait_ms: number };

/** What the views are read from. */
export type ViewParts = { db: Db; head: () => Promise<number> };

/** A position was asked for that no event has yet: waiting would not help. */
export class BeyondLog extends Error {}

/** Waits as `reading` says; throws `ViewBehind` where that is too long. */
export async function readYourWrite(
  { db, head }: ViewParts,
  projection: Projection,
  { min_position, wait_ms }: Reading,
): Promise<void> {
  if (min_position === undefined) return;
  const last = await head();
  if (min_position > last) {
    throw new BeyondLog(`min_position is ${min_position}, and the log ends at ${last}`);
  }
  await waitForPosition(db, projection, min_position, wait_ms);
}

/** Tells the position that the answer knows. */
export function withVintage(reply: FastifyReply, asOf: AsOf): FastifyReply {
  return reply.header('x-position', String(asOf.position));
}
