/** Reading the timeline. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Db } from '../db.ts';
import { wordsOf } from '../domain/words.ts';
import { findPoints } from '../projections/places.ts';
import {
  afterOf,
  listTimeline,
  type TimelineQuery,
  timelineParts,
} from '../projections/timeline-page.ts';
import { TimelineItem } from '../projections/timeline-shown.ts';
import type { At } from '../projections/vintage.ts';
import { boxOf } from './boxes.ts';
import { sendProblem } from './errors.ts';
import { conflictId } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { type Feature, geometryOf } from './geojson.ts';
import { TimelineParameters } from './timeline-filters.ts';

/** Of one search. */
const wordsMax = 16;

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
      const words = query.q === undefined ? [''] : wordsOf(query.q);
      if (words.length === 0) return refuse(request, reply, '/q', 'holds no word');
      if (words.length > wordsMax) {
        return refuse(request, reply, '/q', `holds more than ${wordsMax} words`);
      }
      return answerList(request, reply, {
        ...{ db, projections: timelineParts, shown, afterOf },
        read: (at, page) => listTimeline(db, at, { ...query, ...(bbox && { bbox }), ...page }),
      });
    },
  });
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
export const exampleItem: TimelineItem = {
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
