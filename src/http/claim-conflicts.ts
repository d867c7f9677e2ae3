/** Reading which claims disagree. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId, PlaceEntityId } from '../domain/vocabulary.ts';
import {
  ClaimConflict,
  type ConflictQuery,
  conflictAfter,
  listClaimConflicts,
} from '../projections/claim-conflicts.ts';
import { ClaimKind } from '../projections/claim-shape.ts';
import { claims } from '../projections/claims.ts';
import { Cursor, Limit } from './cursors.ts';
import { exampleClaim } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { reading } from './vintage.ts';

const Parameters = Type.Object(
  {
    ...reading,
    conflict: EntityId,
    kind: Type.Optional(ClaimKind),
    place: Type.Optional(PlaceEntityId),
    claimant: Type.Optional(EntityId),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

export function addClaimConflicts(app: FastifyInstance, db: Db): void {
  const shown: Shown<ClaimConflict> = {
    columns: {
      reason: ({ reason }) => reason,
      description: ({ description }) => description,
      position: ({ position }) => position,
      claimant_ids: ({ claimant_ids }) => claimant_ids,
      claims_total: ({ claims_total }) => claims_total,
      claims: (group) => group.claims,
    },
  };
  const example: ClaimConflict = {
    reason: 'transcriptions-differ',
    description: 'The claims give one statement of one claimant with different numbers.',
    position: 43,
    claimant_ids: ['ru-mod'],
    claims_total: 2,
    claims: [exampleClaim, { ...exampleClaim, id: 'ru-mod-2022-09-12-killed-2', position: 43 }],
  };
  app.get('/v1/claims/conflicts', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listClaimConflicts',
      summary: 'Groups of claims that disagree, side by side',
      description:
        'The last found first. A page may hold fewer groups than `limit`, also none, while ' +
        'there is a next one: what is read for a page is bounded. `kind`, `place` and ' +
        '`claimant` are of one claim of a group at least.',
      tags: ['claims'],
      querystring: Parameters,
      response: listResponses(ClaimConflict, shown, example),
    },
    handler: (request, reply) => {
      const query = request.query as ConflictQuery;
      return answerList(request, reply, {
        ...{ db, projections: [claims], shown, afterOf: conflictAfter },
        read: (at, page) => listClaimConflicts(db, at, { ...query, ...page }),
      });
    },
  });
}
