/** Reading the timeline. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Db } from '../db.ts';
import { wordsOf } from '../domain/words.ts';
import {
  afterOf,
  listTimeline,
  type TimelineQuery,
  timelineParts,
} from '../projections/timeline-page.ts';
import { TimelineItem } from '../projections/timeline-shown.ts';
import { boxOf } from './boxes.ts';
import { sendProblem } from './errors.ts';
import { conflictId } from './examples.ts';
import { answerList, listResponses } from './formats.ts';
import { TimelineParameters } from './timeline-filters.ts';
import { shownTimeline } from './timeline-shown.ts';

/** Of one search. */
const wordsMax = 16;

export function addTimeline(app: FastifyInstance, db: Db): void {
  const shown = shownTimeline(db);
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
