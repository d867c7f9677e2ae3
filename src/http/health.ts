/** Health: whether the process lives, and whether it can do its work. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { MirrorProgress } from '../mirror/site.ts';
import { problems } from './problem-responses.ts';

const Readiness = Type.Object({
  status: Type.String({ enum: ['ready', 'degraded', 'unready'] }),
  head: Type.Union([Type.Integer(), Type.Null()]),
  relay: Type.Optional(
    Type.Object(
      {
        state: Type.String(),
        position: Type.Integer(),
        lag_events: Type.Optional(Type.Integer()),
        lag_seconds: Type.Optional(Type.Number()),
        last_error: Type.Optional(Type.String()),
      },
      { description: 'Absent at a read site.' },
    ),
  ),
  mirror: Type.Optional(
    Type.Object(
      {
        state: Type.String({
          description: '`elsewhere`: other processes of the site read the topic.',
        }),
        last_error: Type.Optional(Type.String()),
        ...Type.Partial(MirrorProgress).properties,
      },
      { description: 'At a read site alone: how it is fed.' },
    ),
  ),
  projections: Type.Array(
    Type.Object({
      name: Type.String(),
      state: Type.String(),
      position: Type.Integer(),
      last_error: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});
/** `degraded` serves everything, but the relay, the mirror or a projection does not move. */
export type Readiness = Static<typeof Readiness>;

export function addHealth(app: FastifyInstance, readiness: () => Promise<Readiness>): void {
  app.get('/livez', {
    config: { scope: 'public' },
    schema: {
      operationId: 'getLiveness',
      summary: 'Whether the process answers; touches nothing else',
      tags: ['service'],
      response: { 200: Type.Object({ status: Type.Literal('alive') }), ...problems(400, 500) },
    },
    handler: async () => ({ status: 'alive' }),
  });
  app.get('/readyz', {
    config: { scope: 'public' },
    schema: {
      operationId: 'getReadiness',
      summary: 'Whether commands and reads are served; Kafka down is degraded, still ready',
      tags: ['service'],
      response: { 200: Readiness, 503: Readiness, ...problems(400, 500) },
    },
    handler: async (_request, reply) => {
      const answer = await readiness();
      return reply.status(answer.status === 'unready' ? 503 : 200).send(answer);
    },
  });
}
