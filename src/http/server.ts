/** The HTTP server: strict schemas, problems, documents, routes. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { addActs } from './acts.ts';
import { documentationPolicy, requestId, sendUnroutable, useAdmission } from './admission.ts';
import { addClaims } from './claims.ts';
import { answerClientError, answerExpectation } from './client-errors.ts';
import { useProblems } from './errors.ts';
import { addHealth, type Readiness } from './health.ts';
import { useStrictJson } from './json-body.ts';
import { type Limits, limitOptions, limits as usualLimits } from './limits.ts';
import { addLog } from './log.ts';
import { useMethods } from './methods.ts';
import { usePressure, useRateLimit, withRefusals } from './pressure.ts';
import { Problem } from './problem.ts';
import { addRegistry } from './registry.ts';
import { strictValidation, useStrictQuery } from './validation.ts';
import { addViews } from './views.ts';

export type HttpParts = {
  db: Db;
  store: EventStore;
  readiness: () => Promise<Readiness>;
  logger: FastifyBaseLogger;
  /** What one client may ask; 0 is without limit. */
  requestsPerMinute: number;
};

/** The server, ready to listen or to be injected into. */
export async function httpServer(
  parts: HttpParts,
  limits: Limits = usualLimits,
): Promise<FastifyInstance> {
  const app = Fastify({
    ...limitOptions(limits),
    loggerInstance: parts.logger,
    genReqId: requestId,
    frameworkErrors: sendUnroutable,
    clientErrorHandler: answerClientError,
    // What is under way is finished, and the connection then closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  app.server.on('checkExpectation', answerExpectation);
  app.setValidatorCompiler(strictValidation());
  useProblems(app);
  useMethods(app, limits);
  useAdmission(app, limits);
  await usePressure(app, limits);
  await useRateLimit(app, parts.requestsPerMinute);
  useStrictJson(app);
  useStrictQuery(app);
  app.addSchema(Problem);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'frontlog',
        version: '1',
        description:
          'An event-sourced record of the claims and acts of a war. Every GET answers HEAD too, ' +
          'every path OPTIONS; another method is a 405 with Allow. Every 4xx and 5xx is a problem.',
      },
      tags: [
        { name: 'registry', description: 'Conflicts, actors, places, reports' },
        { name: 'claims', description: 'What claimants say, and what assessors make of it' },
        { name: 'acts', description: 'Movements, operations, negotiations' },
        { name: 'views', description: 'What is so, according to whom' },
        { name: 'log', description: 'The events themselves' },
        { name: 'service', description: 'Health' },
      ],
    },
    transform: ({ schema, url }) => ({ schema: withRefusals(schema, url), url }),
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: documentationPolicy });
  addRegistry(app, parts.store);
  addClaims(app, parts.store);
  addActs(app, parts.store);
  addViews(app, parts.db);
  addLog(app, parts.store);
  addHealth(app, parts.readiness);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}
