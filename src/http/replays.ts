/** Parts of the log published again: asked for here, run by the process that relays. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { orNull } from '../domain/vocabulary.ts';
import { Cursor, Limit, malformedCursor, momentOf, momentText, nextLink } from './cursors.ts';
import { sendNotFound, sendProblem } from './errors.ts';
import { newId } from './new-id.ts';
import { problems } from './problem-responses.ts';
import { NewReplay, Replay, ReplayId } from './replay-shown.ts';

/** What refuses, and how that is answered. */
const statusOf = {
  'beyond-log': 400,
  'replay-unknown': 404,
  'replay-exists': 409,
  'replay-over': 409,
  'topic-taken': 409,
  'range-empty': 422,
  'topic-live': 422,
  'kafka-unavailable': 503,
} as const;
type Refusal = { readonly code: keyof typeof statusOf; readonly detail: string };
type Asked = {
  readonly from: number;
  readonly to: number;
  readonly types: readonly string[];
  readonly stream: string | undefined;
  readonly topic: string | undefined;
};

/** Who knows the replays. What starts or resumes one needs Kafka; the rest does not. */
export type Replays = {
  /** The newest first: those from before `before`. */
  list(before: { created_at: string; id: string } | undefined, limit: number): Promise<Replay[]>;
  find(id: string): Promise<Replay | undefined>;
  start(id: string, asked: Asked): Promise<{ replay: Replay; isNew: boolean } | Refusal>;
  resume(id: string): Promise<{ replay: Replay } | Refusal>;
  cancel(id: string): Promise<{ replay: Replay } | Refusal>;
};

const tags = ['ops'];
const params = Type.Object({ id: ReplayId });

export function addReplays(app: FastifyInstance, replays: Replays): void {
  addList(app, replays);
  addStart(app, replays);
  app.get('/v1/ops/replays/:id', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'getReplay',
      summary: 'One replay: how far it is, and why it does not move',
      tags,
      params,
      response: { 200: Replay, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const replay = await replays.find(id);
      return replay ?? sendNotFound(request, reply, `there is no replay ${id}`);
    },
  });
  app.post('/v1/ops/replays/:id/resume', {
    config: { scope: 'ops', publishes: true },
    schema: {
      operationId: 'resumeReplay',
      summary: 'Let the service go on with one that a command has left; a command at it is fenced',
      tags,
      params,
      response: { 200: Replay, ...problems(400, 404, 405, 409, 413, 415, 500) },
    },
    handler: (request, reply) => answer(request, reply, replays.resume),
  });
  app.delete('/v1/ops/replays/:id', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'cancelReplay',
      summary: 'End one that is not done, for good; what it has published stays',
      tags,
      params,
      response: { 200: Replay, ...problems(400, 404, 409, 413, 415, 500) },
    },
    handler: (request, reply) => answer(request, reply, replays.cancel),
  });
}

function addList(app: FastifyInstance, replays: Replays): void {
  app.get('/v1/ops/replays', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'listReplays',
      summary: 'Every replay, the newest first',
      tags,
      querystring: Type.Object(
        { limit: Limit, cursor: Type.Optional(Cursor) },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({ items: Type.Array(Replay), next_cursor: orNull(Type.String()) }),
        ...problems(400, 500),
      },
    },
    handler: async (request, reply) => {
      const { limit, cursor } = request.query as { limit: number; cursor?: string };
      const before = momentOf(cursor ?? '');
      if (cursor !== undefined && before === undefined) return malformedCursor(request, reply);
      const items = await replays.list(before && { created_at: before.at, id: before.id }, limit);
      const last = items.length === limit ? items.at(-1) : undefined;
      const next = last === undefined ? null : momentText({ at: last.created_at, id: last.id });
      return { items, next_cursor: nextLink(request, reply, next) };
    },
  });
}

function addStart(app: FastifyInstance, replays: Replays): void {
  app.post('/v1/ops/replays', {
    config: { scope: 'ops', publishes: true },
    schema: {
      operationId: 'startReplay',
      summary: 'Publish a part of the log again, to a topic of its own',
      description:
        'Each event once, with the checkpoint in its transaction. The process that relays runs ' +
        'it, the oldest of several first, and goes on with it after a restart.',
      tags,
      body: NewReplay,
      response: {
        201: {
          description: 'Noted, to be run.',
          headers: { location: Type.String() },
          content: { 'application/json': { schema: Replay } },
        },
        200: Replay,
        ...problems(400, 405, 409, 413, 415, 422, 500),
      },
    },
    handler: async (request, reply) => {
      const { id = newId(), from_position, to_position, ...rest } = request.body as NewReplay;
      const { types = [], stream, topic } = rest;
      const asked = { from: from_position, to: to_position, types, stream, topic };
      const outcome = await replays.start(id, asked);
      if ('code' in outcome) return refuse(request, reply, outcome);
      const location = `/v1/ops/replays/${id}`;
      return reply
        .status(outcome.isNew ? 201 : 200)
        .header('location', location)
        .send(outcome.replay);
    },
  });
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  act: (id: string) => Promise<{ replay: Replay } | Refusal>,
) {
  const outcome = await act((request.params as { id: string }).id);
  return 'code' in outcome ? refuse(request, reply, outcome) : reply.send(outcome.replay);
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal) {
  return sendProblem(request, reply, { ...refusal, status: statusOf[refusal.code] });
}
