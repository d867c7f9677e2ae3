/** Reading claims: the list, one, and what became of it. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { code, EntityId, Moment, PlaceEntityId } from '../domain/vocabulary.ts';
import { ClaimChange, changeAfter, listClaimHistory } from '../projections/claim-history.ts';
import {
  ClaimAsOf,
  type ClaimQuery,
  claimAfter,
  findClaim,
  listClaims,
} from '../projections/claim-list.ts';
import { Claim, ClaimKind, Lifecycle, statuses } from '../projections/claim-shape.ts';
import { claims } from '../projections/claims.ts';
import { registry } from '../projections/registry.ts';
import type { At } from '../projections/vintage.ts';
import { addClaimConflicts } from './claim-conflicts.ts';
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
const ListParameters = Type.Object(
  {
    ...reading,
    conflict: Type.Optional(EntityId),
    claimant: Type.Optional(EntityId),
    kind: Type.Optional(ClaimKind),
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
const HistoryParameters = Type.Object(
  { ...reading, limit: Limit, cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);

export function addClaimViews(app: FastifyInstance, db: Db): void {
  addClaimList(app, db);
  addClaimConflicts(app, db);
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
