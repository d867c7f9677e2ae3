/** Reading claims: the list, one, what became of it, and which ones disagree. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { code, EntityId, Moment, PlaceEntityId } from '../domain/vocabulary.ts';
import {
  ClaimConflict,
  type ConflictQuery,
  conflictAfter,
  listClaimConflicts,
} from '../projections/claim-conflicts.ts';
import { ClaimChange, changeAfter, listClaimHistory } from '../projections/claim-history.ts';
import {
  Claim,
  ClaimAsOf,
  type ClaimQuery,
  claimAfter,
  findClaim,
  Lifecycle,
  listClaims,
  statuses,
} from '../projections/claim-list.ts';
import { claims } from '../projections/claims.ts';
import { registry } from '../projections/registry.ts';
import type { At } from '../projections/vintage.ts';
import { claimReviewForm } from './claim-review.ts';
import { shownClaims } from './claim-shown.ts';
import { Cursor, Limit } from './cursors.ts';
import { exampleChange, exampleClaim } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { answerOne, oneResponses } from './one.ts';
import { problems } from './problem-responses.ts';
import { reading } from './vintage.ts';

const tags = ['claims'];
const config = { scope: 'read' } as const;
const range = (name: string, what: string) => ({
  [`${name}_from`]: Type.Optional({ ...Moment, description: `${what} then or later.` }),
  [`${name}_to`]: Type.Optional({
    ...Moment,
    description: `${what} then or before; a date is its whole day in UTC.`,
  }),
});
const kind = Type.Optional(
  code(
    'casualties',
    'equipment_losses',
    'control',
    'area_control',
    'settlements_taken',
    'attack',
    'statement',
  ),
);
const ListParameters = Type.Object(
  {
    ...reading,
    conflict: Type.Optional(EntityId),
    claimant: Type.Optional(EntityId),
    kind,
    actor: Type.Optional({
      ...EntityId,
      description:
        'Named anywhere in it: as claimant, in the chain of its source, or in what it says.',
    }),
    place: Type.Optional({ ...PlaceEntityId, description: 'Named in it, in whatever relation.' }),
    report: Type.Optional({ ...EntityId, description: 'Found in it.' }),
    side: Type.Optional({ ...EntityId, description: 'Whose losses it counts.' }),
    verification: Type.Optional(code(...statuses)),
    lifecycle: Type.Optional(Lifecycle),
    ...range('said', 'Said'),
    ...range('occurred', 'Said to have happened, in part at least,'),
    ...range('recorded', 'First recorded'),
    sort: Type.Optional(
      Type.Unsafe<'said' | 'position'>({
        type: 'string',
        enum: ['said', 'position'],
        default: 'said',
        description:
          'By when they were said (else by the start of what they tell of; last where neither is ' +
          'told), or by where they were first recorded.',
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
const ConflictParameters = Type.Object(
  {
    ...reading,
    conflict: EntityId,
    kind,
    place: Type.Optional(PlaceEntityId),
    claimant: Type.Optional(EntityId),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
const HistoryParameters = Type.Object(
  { ...reading, limit: Limit, cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);

export function addClaimViews(app: FastifyInstance, db: Db): void {
  addClaimList(app, db);
  addConflicts(app, db);
  addClaim(app, db);
  addHistory(app, db);
}

function addClaimList(app: FastifyInstance, db: Db): void {
  const shown = shownClaims(db);
  app.get('/v1/claims', {
    config,
    schema: {
      operationId: 'listClaims',
      summary: 'Claims, each with its claimant and its status',
      tags,
      querystring: ListParameters,
      response: listResponses(Claim, shown, exampleClaim),
    },
    handler: (request, reply) => {
      const query = request.query as ClaimQuery;
      return answerList(request, reply, {
        ...{ db, projections: [claims, registry], shown, afterOf: claimAfter },
        read: (at, page) => listClaims(db, at, { ...query, ...page }),
      });
    },
  });
}

function addConflicts(app: FastifyInstance, db: Db): void {
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
    config,
    schema: {
      operationId: 'listClaimConflicts',
      summary: 'Groups of claims that disagree, side by side',
      description:
        'The last found first. A page may hold fewer groups than `limit`, also none, while there ' +
        'is a next one: what is read for a page is bounded. `kind`, `place` and `claimant` are of ' +
        'one claim of a group at least.',
      tags,
      querystring: ConflictParameters,
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

function addClaim(app: FastifyInstance, db: Db): void {
  const form = claimReviewForm(db);
  app.get('/v1/claims/:id', {
    config,
    schema: {
      operationId: 'getClaim',
      summary: 'One claim, as it reads after its corrections',
      tags,
      params: Type.Object({ id: EntityId }),
      querystring: Type.Object(reading, { additionalProperties: false }),
      response: oneResponses(ClaimAsOf, form),
    },
    handler: (request, reply) => {
      const { id } = request.params as { id: string };
      const missing = `there is no claim ${id}`;
      const read = (at: At) => findClaim(db, at, id);
      const parts = { db, projections: [claims, registry], missing, read };
      return answerOne(request, reply, parts, form);
    },
  });
}

function addHistory(app: FastifyInstance, db: Db): void {
  const shown: Shown<ClaimChange> = {
    columns: Object.fromEntries(
      Object.keys(ClaimChange.properties).map((name) => [
        name,
        (change: ClaimChange) => change[name as keyof ClaimChange],
      ]),
    ),
  };
  app.get('/v1/claims/:id/history', {
    config,
    schema: {
      operationId: 'getClaimHistory',
      summary: 'What became of a claim: what changed, when, why, by whom',
      tags,
      params: Type.Object({ id: EntityId }),
      querystring: HistoryParameters,
      response: { ...listResponses(ClaimChange, shown, exampleChange), ...problems(404) },
    },
    handler: (request, reply) => {
      const { id } = request.params as { id: string };
      const missing = `there is no claim ${id}`;
      return answerList(request, reply, {
        ...{ db, projections: [claims], shown, missing, afterOf: changeAfter },
        read: (at, page) => listClaimHistory(db, at, id, page),
      });
    },
  });
}
