/** Reading the war status of a conflict. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId } from '../domain/vocabulary.ts';
import { warStatusOf, warStatusSources } from '../projections/war-status.ts';
import { WarStatus } from '../projections/war-status-view.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, reading, validAt } from './vintage.ts';

/** Adds the war status. */
export function addViews(app: FastifyInstance, db: Db): void {
  const findWarStatus = warStatusOf(db);
  app.get('/v1/conflicts/:id/status', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getWarStatus',
      summary: 'The current war status: who says what, statement beside statement',
      description:
        '`valid_at` is of control, which holds from one moment to another. All else is told as ' +
        'it was said last: casualties of a stretch of time are in `/v1/casualties`, and what ' +
        'happened by then in the timeline, by `occurred_to`.',
      tags: ['views'],
      params: Type.Object({ id: EntityId }),
      querystring: Type.Object({ ...reading, ...validAt }, { additionalProperties: false }),
      response: { 200: WarStatus, ...notModified, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const missing = `there is no conflict ${id}`;
      return answerView(request, reply, { db, projections: warStatusSources, missing }, (at) =>
        findWarStatus(at, id),
      );
    },
  });
}
