/**
 * A read site answers what is asked, and records and publishes nothing: it says so before a body is
 * read.
 */
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { sendProblem } from './errors.ts';

const writing: readonly string[] = ['write', 'import'];

const isElsewhere = ({ scope, publishes = false }: Partial<FastifyContextConfig> = {}) =>
  writing.includes(scope ?? '') || publishes;

/**
 * Makes every route that would record or publish something answer 405 with what its path takes
 * here: it is the resource that takes no POST at this site, whoever asks (RFC 9110, 15.5.6), while
 * 403 would send its client looking for another key. To be called before the routes are added.
 */
export function useReadSite(app: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method, config }) => {
    if (isElsewhere(config)) return;
    const methods = methodsOf.get(url) ?? new Set();
    methodsOf.set(url, methods);
    for (const one of [method].flat()) methods.add(one);
  });
  app.addHook('onRequest', (request, reply, done) => {
    const { config, url = '' } = request.routeOptions;
    if (!isElsewhere(config)) return done();
    reply.header('allow', [...(methodsOf.get(url) ?? []), 'OPTIONS'].sort().join(', '));
    const detail =
      'this is a read site: it mirrors the log of another, and what is to be recorded or ' +
      'published goes there';
    sendProblem(request, reply, { status: 405, code: 'read-site', detail });
  });
}
