/** Reading negotiations: the stance of each party, and the statement that set it. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId } from '../domain/vocabulary.ts';
import {
  findNegotiation,
  Negotiation,
  NegotiationAsOf,
  type NegotiationQuery,
  pageOfNegotiations,
} from '../projections/negotiation-list.ts';
import { negotiations } from '../projections/negotiations.ts';
import { Cursor, keyOf, Limit } from './cursors.ts';
import { conflictId, said } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, reading } from './vintage.ts';

const Parameters = Type.Object(
  {
    ...reading,
    conflict: Type.Optional(EntityId),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
const shown: Shown<Negotiation> = {
  columns: {
    id: ({ id }) => id,
    conflict_id: ({ conflict_id }) => conflict_id,
    stances: ({ stances }) => stances,
  },
};
const example: Negotiation = {
  id: 'ru-ua',
  conflict_id: conflictId,
  stances: [
    {
      party_id: 'ru',
      counterpart_id: 'ua',
      stance: 'no_prospect',
      stated_by: 'kremlin-peskov',
      asserted_at: '2022-09-12',
      event_id: '0190f2d5-7a3c-7d64-8d0c-0d6f3f6f1c10',
      position: 20,
      statement: {
        type: 'NegotiationRejected',
        attribution: {
          ...said.attribution,
          claimant_id: 'kremlin-peskov',
        } as Negotiation['stances'][number]['statement']['attribution'],
        occurred: null,
        recorded_at: '2022-09-13T00:00:00.000000Z',
      },
    },
  ],
};

export function addNegotiations(app: FastifyInstance, db: Db): void {
  app.get('/v1/negotiations', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listNegotiations',
      summary: 'Negotiations, by id: the stance of each party, and what set it',
      tags: ['views'],
      querystring: Parameters,
      response: listResponses(Negotiation, shown, example),
    },
    handler: (request, reply) => {
      const query = request.query as NegotiationQuery;
      return answerList(request, reply, {
        ...{ db, projections: [negotiations], shown },
        afterOf: keyOf('negotiation'),
        read: (at, page) => pageOfNegotiations(db, at, { ...query, ...page }),
      });
    },
  });
  app.get('/v1/negotiations/:id', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getNegotiation',
      summary: 'One negotiation: the stance of each party, and what set it',
      tags: ['views'],
      params: Type.Object({ id: EntityId }),
      querystring: Type.Object(reading, { additionalProperties: false }),
      response: { 200: NegotiationAsOf, ...notModified, ...problems(400, 404, 500) },
    },
    handler: (request, reply) => {
      const { id } = request.params as { id: string };
      const missing = `there is no negotiation ${id}`;
      return answerView(request, reply, { db, projections: [negotiations], missing }, (at) =>
        findNegotiation(db, at, id),
      );
    },
  });
}
