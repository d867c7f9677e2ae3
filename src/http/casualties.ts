/** Reading casualties: what each claimant counts, side by side. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { CasualtyCategory, CasualtyOutcome } from '../domain/proposition.ts';
import { endsBefore } from '../domain/times.ts';
import { EntityId, Moment } from '../domain/vocabulary.ts';
import {
  Casualties,
  type CasualtiesQuery,
  countedFrom,
  listCasualties,
} from '../projections/casualties.ts';
import { claims } from '../projections/claims.ts';
import { Cursor, Limit } from './cursors.ts';
import { sendProblem } from './errors.ts';
import { conflictId, exampleClaim } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { reading } from './vintage.ts';

const Parameters = Type.Object(
  {
    ...reading,
    conflict: EntityId,
    claimant: Type.Optional(EntityId),
    side: Type.Optional({ ...EntityId, description: 'Whose casualties.' }),
    category: Type.Optional(CasualtyCategory),
    outcome: Type.Optional(CasualtyOutcome),
    from: Type.Optional({
      ...Moment,
      description: 'What was counted within the period alone: from the start of this.',
    }),
    to: Type.Optional({
      ...Moment,
      description:
        'To the end of this; a date is its whole day in UTC. A claim that covers more than the ' +
        'period is not cut, and is listed as not added. A total or a state is of its own date.',
    }),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

const shown: Shown<Casualties> = {
  columns: {
    conflict_id: ({ conflict_id }) => conflict_id,
    claimant_id: ({ claimant_id }) => claimant_id,
    side_id: ({ side_id }) => side_id,
    category: ({ category }) => category,
    outcome: ({ outcome }) => outcome,
    measure: ({ quantity }) => quantity.measure,
    low: ({ quantity }) => quantity.low,
    best: ({ quantity }) => quantity.best,
    high: ({ quantity }) => quantity.high,
    unit: ({ quantity }) => quantity.unit,
    verification: ({ verification }) => verification,
    since: ({ since }) => since,
    places: ({ places }) => places,
    period_from: ({ period }) => period?.from,
    period_to: ({ period }) => period?.to,
    has_gaps: ({ period }) => period?.has_gaps,
    place_ids: ({ place_ids }) => place_ids,
    claims_total: ({ claims_total }) => claims_total,
    claim_ids: ({ claim_ids }) => claim_ids,
    not_added_total: ({ not_added_total }) => not_added_total,
    not_added: ({ not_added }) => not_added,
  },
};
const example: Casualties = {
  conflict_id: conflictId,
  claimant_id: exampleClaim.claimant_id,
  side_id: 'ua',
  category: 'military',
  outcome: 'killed',
  since: null,
  places: null,
  quantity: { low: 301, best: null, high: null, unit: '{person}', measure: 'increment' },
  period: { from: '2022-09-12', to: '2022-09-12', has_gaps: false },
  place_ids: ['iso:UA-63'],
  verification: 'could_not_verify',
  claims_total: 1,
  claim_ids: [exampleClaim.id],
  not_added_total: 0,
  not_added: [],
};

export function addCasualties(app: FastifyInstance, db: Db): void {
  app.get('/v1/casualties', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listCasualties',
      summary: 'Casualties as each claimant counts them, never added up over claimants',
      description:
        'One tally for each thing that one claimant counts, in the order in which they were ' +
        'first counted. A page may hold fewer than `limit`, also none, while there is a next ' +
        'one: what is read for a page is bounded.',
      tags: ['views'],
      querystring: Parameters,
      response: listResponses(Casualties, shown, example),
    },
    handler: (request, reply) => {
      const query = request.query as CasualtiesQuery;
      const { from, to } = query;
      if (from !== undefined && to !== undefined && endsBefore(from, to)) {
        return sendProblem(request, reply, {
          status: 400,
          code: 'malformed',
          detail: 'there is no such period',
          errors: [{ pointer: '/to', detail: 'is before from', in: 'query' }],
        });
      }
      return answerList(request, reply, {
        ...{ db, projections: [claims], shown, afterOf: countedFrom },
        read: (at, page) => listCasualties(db, at, { ...query, ...page }),
      });
    },
  });
}
