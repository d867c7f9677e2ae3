/** The API's document, made from the routes' own schemas. */
import { readFile } from 'node:fs/promises';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { documented } from '../domain/schema-document.ts';
import { documentationPolicy } from './admission.ts';
import { documentScope, securitySchemes } from './auth.ts';
import { withRefusals } from './pressure.ts';

/**
 * Serves the document of the routes that are added to `app` after it, at /docs and as JSON, and
 * that of the topics.
 */
export async function addDocuments(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'frontlog',
        version: '1',
        description:
          'An event-sourced record of the claims and acts of a war. Every GET answers HEAD too, ' +
          'every path OPTIONS; another method is a 405 with Allow. Every 4xx and 5xx is a problem.',
        license: { name: 'All rights reserved', identifier: 'LicenseRef-all-rights-reserved' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'registry', description: 'Conflicts, actors, places, reports' },
        { name: 'claims', description: 'What claimants say, and what assessors make of it' },
        { name: 'movements', description: 'Movements of forces, operations' },
        { name: 'talks', description: 'Negotiations, agreements, exchanges of prisoners' },
        { name: 'views', description: 'What is so, according to whom' },
        { name: 'log', description: 'The events themselves' },
        {
          name: 'ops',
          description: 'Operating the service: projections, relay, replays, dead letters, imports',
        },
        { name: 'service', description: 'Health' },
      ],
      components: { securitySchemes },
    },
    transform: (route) => {
      const { schema, url } = documentScope(route as never);
      return { schema: withRefusals(schema as never, url), url };
    },
    transformObject: (document) =>
      documented((document as { openapiObject: object }).openapiObject),
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: documentationPolicy });
  app.get('/openapi.json', { config: { scope: 'public' }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  const topics = await readFile(new URL('../../openapi/asyncapi.json', import.meta.url), 'utf8');
  app.get('/asyncapi.json', { config: { scope: 'public' }, schema: { hide: true } }, (_, reply) =>
    reply.type('application/json').send(topics),
  );
}
