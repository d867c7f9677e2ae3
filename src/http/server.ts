/** The HTTP server: strict schemas, problems, documents, routes. */
import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { type AuthSettings, documentScope, securitySchemes, useAuth } from './auth.ts';
import { addBulk } from './bulk.ts';
import { claimRoutes } from './claims.ts';
import { addCommands, Written } from './commands.ts';
import { Problem, useProblems } from './errors.ts';
import { addHealth, type Readiness } from './health.ts';
import { idempotency } from './idempotency.ts';
import { addLog } from './log.ts';
import { movementRoutes } from './movements.ts';
import { addRegister } from './register.ts';
import { registryRoutes } from './registry.ts';
import { talkRoutes } from './talks.ts';
import { strictValidation } from './validation.ts';
import { addViews } from './views.ts';

export const bodyBytesMax = 1024 * 1024;
const requestTimeoutMs = 30_000;

export type HttpParts = {
  db: Db;
  store: EventStore;
  readiness: () => Promise<Readiness>;
  auth: AuthSettings;
  logger: FastifyBaseLogger;
};

/** The server, ready to listen or to be injected into. */
export async function httpServer(parts: HttpParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.logger,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    genReqId: () => randomUUID(),
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  });
  // Else Fastify would take a text body for a JSON string.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(strictValidation());
  useProblems(app);
  app.addSchema(Problem);
  app.addSchema(Written);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  useAuth(app, parts.db, parts.auth);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'frontlog',
        version: '1',
        description: 'An event-sourced record of the claims and acts of a war.',
      },
      tags: [
        { name: 'registry', description: 'Conflicts, actors, places, reports' },
        { name: 'claims', description: 'What claimants say, and what assessors make of it' },
        { name: 'movements', description: 'Movements of forces, operations' },
        { name: 'talks', description: 'Negotiations, agreements, exchanges of prisoners' },
        { name: 'views', description: 'What is so, according to whom' },
        { name: 'log', description: 'The events themselves' },
        { name: 'service', description: 'Health' },
      ],
      components: { securitySchemes },
    },
    transform: documentScope,
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  const writing = { store: parts.store, idempotency: idempotency(parts.db, parts.store) };
  addCommands(app, writing, 'registry', registryRoutes);
  addCommands(app, writing, 'claims', claimRoutes);
  addCommands(app, writing, 'movements', movementRoutes);
  addCommands(app, writing, 'talks', talkRoutes);
  addRegister(app, parts.db);
  addViews(app, parts.db);
  addLog(app, parts.store);
  addBulk(app, parts.store);
  addHealth(app, parts.readiness);
  app.get('/openapi.json', { config: { scope: 'public' }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  await app.ready();
  return app;
}
