/** Reading the timeline. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { type EventType, eventTypes } from '../domain/catalogue.ts';
import { code, EntityId, Moment, PlaceEntityId } from '../domain/vocabulary.ts';
import { wordsOf } from '../domain/words.ts';
import { type Box, findPoints } from '../projections/places.ts';
import {
  afterOf,
  listTimeline,
  type TimelineQuery,
  timelineParts,
} from '../projections/timeline-page.ts';
import { TimelineItem } from '../projections/timeline-shown.ts';
import type { At } from '../projections/vintage.ts';
import { Cursor, Limit } from './cursors.ts';
import { sendProblem } from './errors.ts';
import { conflictId } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { type Feature, geometryOf } from './geojson.ts';
import { reading } from './vintage.ts';

const described = (description: string) => Type.Optional({ ...Moment, description });

/** Query parameters that a stream of items has too: what its event alone tells. */
export const eventFilters = {
  conflict: Type.Optional(EntityId),
  type: Type.Optional(code(...(eventTypes as [EventType, ...EventType[]]))),
  claimant: Type.Optional(EntityId),
  actor: Type.Optional({ ...EntityId, description: 'Any actor that it names, in any role.' }),
  place: Type.Optional(PlaceEntityId),
};

const TimelineParameters = Type.Object(
  {
    ...reading,
    ...eventFilters,
    area: Type.Optional({
      ...PlaceEntityId,
      description: 'A place, such as `iso:UA-63`, or any that is within it, at any depth.',
    }),
    bbox: Type.Optional(
      Type.String({
        pattern: '^-?\\d{1,3}(\\.\\d{1,15})?(,-?\\d{1,3}(\\.\\d{1,15})?){3}$',
        description:
          'West, south, east, north in degrees (RFC 7946, 5): a place whose point is in it. West ' +
          'is greater than east where it crosses the antimeridian.',
      }),
    ),
    occurred_from: described(
      'What is said to have happened then or later, in part at least. Of a span both ends are in ' +
        'it; a date is a day of UTC.',
    ),
    occurred_to: described('What is said to have happened then or before, in part at least.'),
    recorded_from: described('Recorded then or later.'),
    recorded_to: described('Recorded then or before.'),
    published_from: described('Published then or later; see `published_at` of an item.'),
    published_to: described('Published then or before.'),
    verification: Type.Optional({
      ...code('unverified', 'could_not_verify', 'corroborated', 'disputed', 'verified', 'refuted'),
      description: 'What is about a claim of that status now.',
    }),
    lifecycle: Type.Optional({
      ...code('active', 'corrected', 'superseded', 'retracted'),
      description: 'What is about a claim that is so now.',
    }),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          'Words, in any case and order. Each is found as a whole word in the summary (a headline, ' +
          'a goal, a reason are in it), in the quote or its translation, or in any name, alias or ' +
          'former name of an actor or place that the item is about.',
      }),
    ),
    sort: Type.Optional(
      Type.Unsafe<'occurred' | 'position'>({
        type: 'string',
        enum: ['occurred', 'position'],
        default: 'occurred',
        description:
          'By when it happened, else when it was said, published, recorded; or by position.',
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

export function addTimeline(app: FastifyInstance, db: Db): void {
  const shown: Shown<TimelineItem> = {
    columns,
    features: (items, at) => featuresOf(db, at, items),
  };
  app.get('/v1/timeline', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listTimeline',
      summary: 'Everything said or done',
      description: 'Every filter given must hold.',
      tags: ['views'],
      querystring: TimelineParameters,
      response: listResponses(TimelineItem, shown, exampleItem),
    },
    handler: async (request, reply) => {
      const { bbox: box, ...query } = request.query as Omit<TimelineQuery, 'bbox'> & {
        bbox?: string;
      };
      const bbox = box === undefined ? undefined : boxOf(box);
      if (bbox === null) return refuse(request, reply, '/bbox', 'is no box on earth');
      if (query.q !== undefined && wordsOf(query.q).length === 0) {
        return refuse(request, reply, '/q', 'holds no word');
      }
      return answerList(request, reply, {
        ...{ db, projections: timelineParts, shown, afterOf },
        read: (at, page) => listTimeline(db, at, { ...query, ...(bbox && { bbox }), ...page }),
      });
    },
  });
}

// Null where there is no such box.
function boxOf(text: string): Box | null {
  const [west, south, east, north] = text.split(',').map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const isOnEarth =
    Math.abs(west) <= 180 && Math.abs(east) <= 180 && south >= -90 && south <= north && north <= 90;
  return isOnEarth ? [west, south, east, north] : null;
}

function refuse(request: FastifyRequest, reply: FastifyReply, pointer: string, detail: string) {
  return sendProblem(request, reply, {
    ...{ status: 400, code: 'malformed', detail: 'the query does not fit its schema' },
    errors: [{ pointer, detail, in: 'query' }],
  });
}

// What is no claim is attributed too, and nobody has verified it.
async function featuresOf(db: Db, at: At, items: readonly TimelineItem[]): Promise<Feature[]> {
  const idsOf = ({ places }: TimelineItem) => (places as Place[]).map(({ place_id }) => place_id);
  const points = await findPoints(db, at, items.flatMap(idsOf));
  return items.map((item) => {
    const { data: _data, ...properties } = item;
    const known = idsOf(item).flatMap((id) => {
      const point = points.get(id);
      return point === undefined ? [] : [point];
    });
    const { claim, report } = item;
    return {
      ...{ type: 'Feature', id: item.position, geometry: geometryOf(known) },
      properties: {
        ...properties,
        status: claim?.verification ?? 'unverified',
        lifecycle: (claim ?? report)?.lifecycle ?? 'active',
      },
    };
  });
}

type Place = { readonly place_id: string };
type Span = { from?: string; to?: string; date_precision?: number } | null;

const columns: Shown<TimelineItem>['columns'] = {
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
    made: 42,
    verification: 'could_not_verify',
    lifecycle: 'active',
  },
  data: {},
};
