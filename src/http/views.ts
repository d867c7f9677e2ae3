/** Reading the views: the war status of a conflict and the timeline. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { type EventType, eventTypes } from '../domain/catalogue.ts';
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
import { Cursor, Limit, malformedCursor } from './cursors.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, type Reading, reading, validAt } from './vintage.ts';

const TimelineParameters = Type.Object(
  {
    ...reading,
    conflict: Type.Optional(EntityId),
    type: Type.Optional(code(...(eventTypes as [EventType, ...EventType[]]))),
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
    limit: Limit,
    cursor: Type.Optional(Cursor),
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
      querystring: Type.Object({ ...reading, ...validAt }, { additionalProperties: false }),
      response: { 200: WarStatus, ...notModified, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const missing = `there is no conflict ${id}`;
      return answerView(request, reply, { db, projections: [warStatus], missing }, (at) =>
        findWarStatus(db, at, id),
      );
    },
  });
  app.get('/v1/timeline', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listTimeline',
      summary: 'Everything said or done',
      tags: ['views'],
      querystring: TimelineParameters,
      response: { 200: Timeline, ...notModified, ...problems(400, 500) },
    },
    handler: async (request, reply) => {
      const { cursor, ...query } = request.query as TimelineQuery & Reading & { cursor?: string };
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      if (cursor !== undefined && after === undefined) {
        return malformedCursor(request, reply);
      }
      return answerView(request, reply, { db, projections: [timeline] }, (at) =>
        listTimeline(db, at, { ...query, ...(after && { after }) }),
      );
    },
  });
}
