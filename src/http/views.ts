/** Reading the views: the war status of a conflict and the timeline. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { catalogue } from '../domain/catalogue.ts';
import { code, EntityId, PlaceEntityId } from '../domain/vocabulary.ts';
import type { Projection } from '../projections/projection.ts';
import { timeline } from '../projections/timeline.ts';
import {
  decodeCursor,
  listTimeline,
  Timeline,
  type TimelineQuery,
} from '../projections/timeline-page.ts';
import { type AsOf, waitForPosition } from '../projections/vintage.ts';
import { findWarStatus, warStatus } from '../projections/war-status.ts';
import { WarStatus } from '../projections/war-status-view.ts';
import { problems } from './commands.ts';
import { sendNotFound, sendProblem } from './errors.ts';

/** Read your write: a view waits up to `wait_ms` until it knows `min_position`. */
const reading = {
  min_position: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  wait_ms: Type.Integer({ minimum: 0, maximum: 10_000, default: 2_000 }),
};
type Reading = { min_position?: number; wait_ms: number };

const TimelineParameters = Type.Object(
  {
    ...reading,
    conflict: Type.Optional(EntityId),
    type: Type.Optional(code(...(Object.keys(catalogue) as [string, ...string[]]))),
    claimant: Type.Optional(EntityId),
    actor: Type.Optional(EntityId),
    place: Type.Optional(PlaceEntityId),
    sort: Type.Unsafe<'occurred' | 'position'>({
      type: 'string',
      enum: ['occurred', 'position'],
      default: 'occurred',
    }),
    order: Type.Unsafe<'asc' | 'desc'>({ type: 'string', enum: ['asc', 'desc'], default: 'desc' }),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    cursor: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,200}$' })),
  },
  { additionalProperties: false },
);

export function addViews(app: FastifyInstance, db: Db): void {
  app.get('/v1/conflicts/:id/status', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getWarStatus',
      summary: 'The current war status: who says what, statement beside statement',
      tags: ['views'],
      params: Type.Object({ id: EntityId }),
      querystring: Type.Object(reading, { additionalProperties: false }),
      response: { 200: WarStatus, ...problems(400, 404, 500, 503) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      await readYourWrite(db, warStatus, request.query as Reading);
      const status = await findWarStatus(db, id);
      if (status === undefined) return sendNotFound(request, reply, `there is no conflict ${id}`);
      return withVintage(reply, status.as_of).send(status);
    },
  });
  app.get('/v1/timeline', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listTimeline',
      summary: 'Everything said or done',
      tags: ['views'],
      querystring: TimelineParameters,
      response: { 200: Timeline, ...problems(400, 500, 503) },
    },
    handler: async (request, reply) => {
      const { cursor, ...query } = request.query as TimelineQuery & Reading & { cursor?: string };
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      if (cursor !== undefined && after === undefined) {
        return sendProblem(request, reply, {
          status: 400,
          code: 'malformed',
          detail: 'the cursor is not one of ours',
          errors: [{ pointer: '/cursor', detail: 'is not a cursor of this list', in: 'query' }],
        });
      }
      await readYourWrite(db, timeline, query);
      const page = await listTimeline(db, { ...query, ...(after && { after }) });
      if (page.next_cursor !== null) {
        const next = new URL(request.url, 'http://here');
        next.searchParams.set('cursor', page.next_cursor);
        reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
      }
      return withVintage(reply, page.as_of).send(page);
    },
  });
}

async function readYourWrite(db: Db, projection: Projection, { min_position, wait_ms }: Reading) {
  if (min_position !== undefined) await waitForPosition(db, projection, min_position, wait_ms);
}

function withVintage(reply: FastifyReply, asOf: AsOf): FastifyReply {
  return reply.header('x-position', String(asOf.position));
}
