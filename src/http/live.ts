/** Following the log and the timeline as they grow. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import type { EventType } from '../domain/catalogue.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { plainTags, tagsOf } from '../projections/timeline-item.ts';
import { listTimeline, type TimelineQuery, timelineParts } from '../projections/timeline-page.ts';
import { TimelineItem } from '../projections/timeline-shown.ts';
import { readVintage, refuseBeyondLog } from '../projections/vintage.ts';
import {
  eventStreams,
  type Stream,
  type StreamParts,
  streamHeaders,
  streamParameters,
  streamResponses,
} from './event-streams.ts';
import type { FeedPage } from './fan-out.ts';
import { Event, exampleEvent } from './log.ts';
import { type Sent, type StreamLimits, streamLimits } from './stream-client.ts';
import { exampleItem } from './timeline.ts';
import { eventFilters } from './timeline-filters.ts';

const pageItemsMax = 100;
const pageBytesMax = 1024 * 1024;

type Filters = Pick<TimelineQuery, 'conflict' | 'type' | 'claimant' | 'actor' | 'place'>;
type SentItem = Sent & { readonly data: TimelineItem };

/** Adds the stream of the log and that of the timeline. */
export function addLive(
  app: FastifyInstance,
  { db, store, openWakeup }: { db: Db; store: EventStore } & Pick<StreamParts, 'openWakeup'>,
  limits: StreamLimits = streamLimits,
): void {
  const log = {
    head: () => store.head(),
    refuseBeyond: (position: number) => refuseBeyondLog(db, position),
  };
  const streamOf = eventStreams(app, { openWakeup, ...log }, limits);
  const sendLog = streamOf(logStream(store));
  const sendTimeline = streamOf(timelineStream(db, store));
  app.get('/v1/events/stream', {
    config: { scope: 'read' },
    schema: {
      operationId: 'followEvents',
      summary: 'Follow the log',
      tags: ['log'],
      headers: streamHeaders,
      querystring: Type.Object(streamParameters, { additionalProperties: false }),
      response: streamResponses(Event, { position: exampleEvent.position, data: exampleEvent }),
    },
    handler: (request, reply) => sendLog(request, reply, undefined),
  });
  app.get('/v1/timeline/stream', {
    config: { scope: 'read' },
    schema: {
      operationId: 'followTimeline',
      summary: 'Follow the timeline, in the order of recording',
      tags: ['views'],
      headers: streamHeaders,
      querystring: Type.Object(
        { ...streamParameters, ...eventFilters },
        { additionalProperties: false },
      ),
      response: streamResponses(TimelineItem, {
        position: exampleItem.position,
        data: exampleItem,
      }),
    },
    handler: (request, reply) => {
      const { after: _after, ...filters } = request.query as Filters & { after?: number };
      return sendTimeline(request, reply, filters);
    },
  });
}

function logStream(store: EventStore): Stream<Sent, undefined> {
  return {
    async read(after) {
      const events = await store.readLog(after, pageItemsMax, pageBytesMax);
      const through = events.at(-1)?.position ?? after;
      const items = events.map((event) => ({ position: event.position, data: event }));
      return { items, through, isLast: events.length === 0, isBehind: false };
    },
    matches: () => true,
  };
}

// As of where the views are, which is behind the log for a moment.
function timelineStream(db: Db, store: EventStore): Stream<SentItem, Filters> {
  return {
    async read(position, filters = {}): Promise<FeedPage<SentItem>> {
      const at = await readVintage(db, timelineParts);
      const known = at.as_of.position;
      if (known <= position) {
        const isBehind = (await store.head()) > position;
        return { items: [], through: position, isLast: true, isBehind };
      }
      const { items, next } = await listTimeline(db, at, {
        ...{ ...filters, sort: 'position', order: 'asc', limit: pageItemsMax },
        after: { sort_at: '1970-01-01T00:00:00Z', position },
      });
      const last = items.at(-1)?.position ?? known;
      return {
        items: items.map((item) => ({ position: item.position, data: item })),
        through: next === null ? known : last,
        isLast: next === null,
        isBehind: false,
      };
    },
    matches({ data }, { conflict, ...filters }) {
      if (conflict !== undefined && data.conflict_id !== conflict) return false;
      const tags = tagsOf(filters);
      if (tags.length === 0) return true;
      const held = plainTags({ ...data, type: data.type as EventType, data: data.data as never });
      return tags.every((tag) => held.includes(tag));
    },
  };
}
