/** The raw log: events by position, by id, by stream. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { EventStore } from '../eventstore/event-store.ts';
import { type AuthSettings, isReadOpen } from './auth.ts';
import { Limit } from './cursors.ts';
import { sendNotFound } from './errors.ts';
import { problems } from './problem-responses.ts';
import { hasSome, notModified } from './vintage.ts';

export const Event = Type.Object({
  position: Type.Integer(),
  id: Type.String(),
  stream: Type.String(),
  version: Type.Integer(),
  type: Type.String(),
  schema_version: Type.Integer(),
  recorded_at: Type.String(),
  data: Type.Unknown(),
  metadata: Type.Unknown(),
});

export const exampleEvent = {
  position: 42,
  id: '0190f2d5-7a3c-7d64-8d0c-0d6f3f6f1c11',
  stream: 'actor-afp',
  version: 1,
  type: 'ActorRegistered',
  schema_version: 1,
  recorded_at: '2022-09-13T00:00:00.000000Z',
  data: { actor_id: 'afp', name: 'Agence France-Presse', kind: 'agency' },
  metadata: { correlation_id: 'r1', recorded_by: 'anonymous' },
};

export const StreamName = Type.String({ pattern: '^[a-z]{1,16}-[a-z0-9][A-Za-z0-9._:-]{0,127}$' });
const positionMax = Number.MAX_SAFE_INTEGER;
const pageBytesMax = 8 * 1024 * 1024;

/** Adds the log; `auth` tells whose caches may keep what it answers. */
export function addLog(
  app: FastifyInstance,
  { store, auth }: { store: EventStore; auth: AuthSettings },
): void {
  // Forbidden to strangers, also by way of a cache that others share (RFC 9111, 3.5).
  const keptBy = isReadOpen(auth) ? 'public' : 'private';
  app.get('/v1/events', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listEvents',
      summary: 'Read the log after a position',
      tags: ['log'],
      querystring: Type.Object(
        {
          after: Type.Optional(Type.Integer({ minimum: 0, maximum: positionMax, default: 0 })),
          limit: Limit,
        },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({
          items: Type.Array(Event),
          next_after: Type.Union([Type.Integer(), Type.Null()]),
        }),
        ...problems(400, 500),
      },
    },
    handler: async (request) => {
      const { after, limit } = request.query as { after: number; limit: number };
      const items = await store.readLog(after, limit, pageBytesMax);
      // A page may be short by its bytes, so that only the head tells whether there is more.
      const last = items.at(-1)?.position ?? after;
      const next_after = items.length > 0 && last < (await store.head()) ? last : null;
      return { items, next_after };
    },
  });
  app.get('/v1/events/:id', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getEvent',
      summary: 'Read one event',
      tags: ['log'],
      params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
      response: { 200: Event, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const event = await store.findEvent(id);
      if (event === undefined) return sendNotFound(request, reply, `there is no event ${id}`);
      return reply.header('cache-control', `${keptBy}, max-age=31536000, immutable`).send(event);
    },
  });
  app.get('/v1/streams/:stream', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getStream',
      summary: "Read a stream's events",
      tags: ['log'],
      params: Type.Object({ stream: StreamName }),
      response: {
        200: Type.Object({
          stream: Type.String(),
          version: Type.Integer(),
          items: Type.Array(Event),
        }),
        ...notModified,
        ...problems(400, 404, 500),
      },
    },
    handler: async (request, reply) => {
      const { stream } = request.params as { stream: string };
      const items = await store.readStream(stream);
      if (items.length === 0) return sendNotFound(request, reply, `there is no stream ${stream}`);
      const version = items.length;
      // What was recorded never changes, so that the version tells all there is.
      const etag = `"${version}"`;
      reply.header('etag', etag);
      if (hasSome(request.headers['if-none-match'], etag)) return reply.status(304).send();
      return reply.send({ stream, version, items });
    },
  });
}
