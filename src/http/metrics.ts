/** GET /metrics, and the measure of every request. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Metrics, PoolCounts, Snapshot } from '../metrics.ts';
import { problems } from './problem-responses.ts';

export type MetricsParts = {
  readonly metrics: Metrics;
  readonly readSnapshot: () => Promise<Snapshot>;
  readonly pool: PoolCounts;
};

/** Makes `app` measure what it answers. To be called before its routes are added. */
export function useMetrics(app: FastifyInstance, { metrics }: MetricsParts): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
    done();
  });
}

export function addMetrics(app: FastifyInstance, parts: MetricsParts): void {
  app.get('/metrics', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getMetrics',
      summary: 'What to watch, in the text format of Prometheus',
      tags: ['service'],
      response: {
        200: {
          description: 'Version 0.0.4 of the format.',
          content: { 'text/plain': { schema: Type.String() } },
        },
        ...problems(400, 500),
      },
    },
    handler: async (_request, reply) => {
      const { metrics, readSnapshot, pool } = parts;
      const text = await metrics.text(readSnapshot, pool);
      return reply.type(metrics.contentType).send(text);
    },
  });
}
