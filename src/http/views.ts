/** Reading the views: the war status of a conflict and the timeline. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { type EventType, eventTypes } from '../domain/catalogue.ts';
import { code, EntityId, PlaceEntityId } from '../domain/vocabulary.ts';
import { timeline } from '../projections/timeline.ts';
import {
  afterOf,
  listTimeline,
  TimelineItem,
  type TimelineQuery,
} from '../projections/timeline-page.ts';
import { warStatusOf, warStatusSources } from '../projections/war-status.ts';
import { WarStatus } from '../projections/war-status-view.ts';
import { Cursor, Limit } from './cursors.ts';
import { conflictId } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, reading, validAt } from './vintage.ts';

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

type Span = { from?: string; to?: string; date_precision?: number } | null;

const shown: Shown<TimelineItem> = {
  columns: {
    position: ({ position }) => position,
    event_id: ({ event_id }) => event_id,
    type: ({ type }) => type,
    stream: ({ stream }) => stream,
    conflict_id: ({ conflict_id }) => conflict_id,
    occurred_from: ({ occurred }) => (occurred as Span)?.from,
    occurred_to: ({ occurred }) => (occurred as Span)?.to,
    date_precision: ({ occurred }) => (occurred as Span)?.date_precision,
    asserted_at: ({ asserted_at }) => asserted_at,
    published_at: ({ published_at }) => published_at,
    recorded_at: ({ recorded_at }) => recorded_at,
    claimant_id: ({ claimant_id }) => claimant_id,
    actor_ids: ({ actor_ids }) => actor_ids,
    places: ({ places }) => places,
    summary: ({ summary }) => summary.text,
    claim_id: ({ claim }) => claim?.id,
    verification: ({ claim }) => claim?.verification,
    lifecycle: ({ claim }) => claim?.lifecycle,
    data: ({ data }) => data,
  },
};
const exampleItem: TimelineItem = {
  position: 42,
  event_id: '0190f2d5-7a3c-7d64-8d0c-0d6f3f6f1c11',
  type: 'ClaimMade',
  stream: 'claim-ru-mod-2022-09-12-killed',
  conflict_id: conflictId,
  occurred: { from: '2022-09-12', to: '2022-09-12', date_precision: 1 },
  asserted_at: '2022-09-12',
  published_at: null,
  recorded_at: '2022-09-13T00:00:00.000000Z',
  claimant_id: 'ru-mod',
  actor_ids: ['ru-mod', 'ua'],
  places: [{ place_id: 'iso:UA-63', relation: 'at' }],
  summary: { text: 'Russian Ministry of Defence claims more than 300 killed.', language: 'en' },
  claim: {
    id: 'ru-mod-2022-09-12-killed',
    verification: 'could_not_verify',
    lifecycle: 'active',
  },
  data: {},
};

export function addViews(app: FastifyInstance, db: Db): void {
  const findWarStatus = warStatusOf(db);
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
      return answerView(request, reply, { db, projections: warStatusSources, missing }, (at) =>
        findWarStatus(at, id),
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
      response: listResponses(TimelineItem, shown, exampleItem),
    },
    handler: (request, reply) => {
      const query = request.query as TimelineQuery;
      return answerList(request, reply, {
        ...{ db, projections: [timeline], shown, afterOf },
        read: (at, page) => listTimeline(db, at, { ...query, ...page }),
      });
    },
  });
}
