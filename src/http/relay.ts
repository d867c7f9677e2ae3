/** How far the topics are. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { orNull } from '../domain/vocabulary.ts';
import { problems } from './problem-responses.ts';

const Publisher = Type.Object({
  topic: Type.String(),
  state: Type.String({
    enum: ['starting', 'standby', 'active', 'waiting', 'elsewhere'],
    description:
      'Of this process. `standby`: another one publishes; `waiting`: something is in the way, ' +
      '`last_error`, and is tried again; `elsewhere`: this process has not the role `relay`.',
  }),
  last_error: orNull(Type.String()),
  progress: orNull(
    Type.Object(
      {
        partitions: Type.Integer({ description: 'As pinned at first; it may not change.' }),
        position: Type.Integer({ description: 'Of the log, that the topic has come to.' }),
        lag_events: Type.Integer(),
        lag_seconds: Type.Number({ description: 'Since the first event it lacks was recorded.' }),
      },
      { description: 'Null where nothing was published yet, and at a read site.' },
    ),
  ),
});
const RelayStatus = Type.Object({ events: Publisher, war_status: Publisher });
export type RelayStatus = Static<typeof RelayStatus>;

export function addRelay(app: FastifyInstance, readRelay: () => Promise<RelayStatus>): void {
  app.get('/v1/ops/relay', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'getRelay',
      summary: 'What is published to Kafka: how far it is, and why it does not move',
      tags: ['ops'],
      response: { 200: RelayStatus, ...problems(400, 500) },
    },
    handler: () => readRelay(),
  });
}
