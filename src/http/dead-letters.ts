/** What a read site could not take from the topic: listed, tried again, closed. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { code, orNull } from '../domain/vocabulary.ts';
import {
  type DeadLetter,
  dropDeadLetter,
  findDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '../mirror/dead-letters.ts';
import { Cursor, Limit, malformedCursor, nextLink, textOf } from './cursors.ts';
import { sendNotFound, sendProblem } from './errors.ts';
import { problems } from './problem-responses.ts';

const states = ['open', 'replayed', 'dropped'] as const;
const Letter = Type.Object({
  id: Type.Integer(),
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer(),
  position: orNull(Type.Integer({ description: 'Of the event that it says it is.' })),
  reason: Type.String({ description: 'Why it could not be taken.' }),
  state: code(...states),
  found_at: Type.String({ format: 'date-time' }),
});
const Query = Type.Object(
  { state: Type.Optional(code(...states)), limit: Limit, cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);
const How = Type.Object(
  {
    unchecked: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Takes whatever is an event, also what this release does not understand.',
      }),
    ),
  },
  { additionalProperties: false },
);
const params = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
const tags = ['ops'];

export function addDeadLetters(app: FastifyInstance, db: Db): void {
  addList(app, db);
  app.post('/v1/ops/dead-letters/:id/replay', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'replayDeadLetter',
      summary: 'Try one again, as after an upgrade: it goes to its place in the log',
      tags,
      params,
      querystring: How,
      response: { 200: Letter, ...problems(400, 404, 413, 415, 422, 500) },
    },
    handler: async (request, reply) => {
      const { unchecked } = request.query as { unchecked: boolean };
      return settle(db, request, reply, async (letter) => {
        if (letter.state === 'replayed') return undefined;
        const detail = await replayDeadLetter(db, letter, !unchecked);
        return detail === undefined ? undefined : { status: 422, code: 'not-taken', detail };
      });
    },
  });
  app.delete('/v1/ops/dead-letters/:id', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'dropDeadLetter',
      summary: 'Close one that nothing waits for; it may still be replayed',
      tags,
      params,
      response: { 200: Letter, ...problems(400, 404, 409, 413, 415, 500) },
    },
    handler: (request, reply) =>
      settle(db, request, reply, async (letter) => {
        if (letter.state === 'replayed') {
          const detail = `the letter ${letter.id} was replayed`;
          return { status: 409, code: 'replayed', detail };
        }
        const detail = await dropDeadLetter(db, letter);
        return detail === undefined ? undefined : { status: 409, code: 'waited-for', detail };
      }),
  });
}

function addList(app: FastifyInstance, db: Db): void {
  app.get('/v1/ops/dead-letters', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'listDeadLetters',
      summary: 'What this read site could not take from the topic, the oldest first',
      tags,
      querystring: Query,
      response: {
        200: Type.Object({ items: Type.Array(Letter), next_cursor: orNull(Type.String()) }),
        ...problems(400, 500),
      },
    },
    handler: async (request, reply) => {
      const { state, limit, cursor } = request.query as Static<typeof Query> & { limit: number };
      const text = cursor === undefined ? '0' : textOf(cursor);
      if (text === undefined || !/^\d{1,15}$/.test(text)) return malformedCursor(request, reply);
      const items = await listDeadLetters(db, { state, after: Number(text), limit });
      const next = items.length === limit ? String(items.at(-1)?.id) : null;
      return { items, next_cursor: nextLink(request, reply, next) };
    },
  });
}

async function settle(
  db: Db,
  request: FastifyRequest,
  reply: FastifyReply,
  act: (
    letter: DeadLetter,
  ) => Promise<{ status: number; code: string; detail: string } | undefined>,
) {
  const { id } = request.params as { id: number };
  const letter = await findDeadLetter(db, id);
  if (letter === undefined) return sendNotFound(request, reply, `there is no dead letter ${id}`);
  const refusal = await act(letter);
  if (refusal !== undefined) return sendProblem(request, reply, refusal);
  return reply.send(await findDeadLetter(db, id));
}
