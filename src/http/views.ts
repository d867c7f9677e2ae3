/** Reading the views: the war status of a conflict and the timeline. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { catalogue } from '../domain/catalogue.ts';
import { code, EntityId, PlaceEntityId } from '../domain/vocabulary.ts';
import { timeline } from '../projections/timeline.ts';
import {
  decodeCursor,
  listTimeline,
  Timeline,
  type TimelineQuery,
} from '../projections/timeline-page.ts';
import { findWarStatus, warStatus } from '../projections/war-status.ts';
import { WarStatus } from '../projections/war-status-view.ts';
import { Cursor, malformedCursor, nextLink } from './cursors.ts';
import { sendNotFound } from './errors.ts';
import { problems } from './problem-responses.ts';
import { type Reading, reading, readYourWrite, type ViewParts, withVintage } from './vintage.ts';

const TimelineParameters = Type.Object(
  {
    ...reading,
    conflict: Type.Optional(EntityId),
    type: Type.Optional(code(...(Object.keys(catalogue) as [string, ...string[]]))),
    claimant: Type.Optional(EntityId),
    actor: Type.Optional(EntityId),
    place: Type.Optional(PlaceEntityId),
    sort: Type.Optional(
      Type.Unsafe<'occurred' | 'position'>({
        type: 'string',
        enum: ['occurred', 'position'],
        default: 'occurred',
      }),
    ),
    order: Type.Optional(
      Type.Unsafe<'asc' | 'desc'>({ type: 'string', enum: ['asc', 'desc'], default: 'desc' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

export function addViews(app: FastifyInstance, parts: ViewParts): void {
  const { db } = parts;
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
      await readYourWrite(parts, warStatus, request.query as Reading);
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
        return malformedCursor(request, reply);
      }
      await readYourWrite(parts, timeline, query);
      const page = await listTimeline(db, { ...query, ...(after && { after }) });
      return nextLink(request, withVintage(reply, page.as_of), page.next_cursor).send(page);
    },
  });
}
