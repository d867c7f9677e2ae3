/** Reading who controls a place, as each claimant says. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Moment, PlaceEntityId } from '../domain/vocabulary.ts';
import { claims } from '../projections/claims.ts';
import type { LogParts } from '../projections/control-said.ts';
import { findControl, statedAfter } from '../projections/place-control.ts';
import { Control } from '../projections/place-control-view.ts';
import { registry } from '../projections/registry.ts';
import { Cursor, continuationOf, Limit, malformedCursor, nextViewLink } from './cursors.ts';
import { sendNotFound, sendProblem } from './errors.ts';
import { problems } from './problem-responses.ts';
import { notModified, openView, reading, validAt } from './vintage.ts';

const Parameters = Type.Object(
  {
    ...reading,
    ...validAt,
    said_at: Type.Optional({
      ...Moment,
      description:
        'As of what had been said then, whenever it was recorded: what was corrected, retracted ' +
        'or assessed later stands as it stood. What does not tell when it was said counts from ' +
        'when it was recorded. A date is its whole day in UTC.',
    }),
    history: Type.Optional(
      Type.Boolean({ default: false, description: 'With a page of all that was stated.' }),
    ),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
type Query = { said_at?: string; history: boolean; limit: number; cursor?: string };

export function addPlaces(app: FastifyInstance, parts: LogParts): void {
  const { db } = parts;
  app.get('/v1/places/:id/control', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getPlaceControl',
      summary: 'Who controls a place: one statement of each claimant, side by side',
      description:
        'Three moments are asked for apart: `valid_at`, of which a statement is to hold; ' +
        '`said_at`, by which it is to have been said; `known_at`, by which it is to have been ' +
        'recorded. `limit` and `cursor` are of the history.',
      tags: ['views'],
      params: Type.Object({ id: PlaceEntityId }),
      querystring: Parameters,
      response: { 200: Control, ...notModified, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const { said_at, history: isWanted, limit, cursor } = request.query as Query;
      if (cursor !== undefined && !isWanted) {
        return sendProblem(request, reply, {
          status: 400,
          code: 'malformed',
          detail: 'a cursor is of the history',
          errors: [{ pointer: '/cursor', detail: 'needs history=true', in: 'query' }],
        });
      }
      const continued = cursor === undefined ? undefined : continuationOf(cursor);
      const after = continued === undefined ? undefined : statedAfter(continued.after);
      if (cursor !== undefined && after === undefined) return malformedCursor(request, reply);
      const sources = { db, projections: [claims, registry] };
      const view = await openView(request, reply, sources, { begunAt: continued?.position });
      if (view === undefined) return reply;
      const history = isWanted ? { after, limit } : undefined;
      const found = await findControl(parts, view.at, id, { said_at, history });
      if (found === undefined) return sendNotFound(request, reply, `there is no place ${id}`);
      if (!view.begin()) return reply;
      const { position } = view.at.as_of;
      const next_cursor = nextViewLink(request, reply, { position, after: found.next });
      return reply.send({ ...found.body, next_cursor });
    },
  });
}
