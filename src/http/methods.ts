/** What answers where no route does: 405 to another method of a known path, OPTIONS, or 404. */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import findMyWay from 'find-my-way';
import { sendNotFound, sendProblem } from './errors.ts';
import type { Limits } from './limits.ts';
import { pathOf } from './problem.ts';

/**
 * To be called before the routes of `app` are added: it takes note of them. Answers with a hook
 * that says no before a body is read, for whoever is known by then.
 */
export function useMethods(
  app: FastifyInstance,
  { pathParameterLengthMax }: Limits,
): onRequestHookHandler {
  const methodsOf = new Map<string, Set<string>>();
  const paths = findMyWay({ maxParamLength: pathParameterLengthMax });
  app.addHook('onRoute', ({ url, method }) => {
    let methods = methodsOf.get(url);
    if (methods === undefined) {
      methods = new Set(['OPTIONS']);
      methodsOf.set(url, methods);
      paths.on('GET', url, () => undefined, methods);
    }
    for (const one of [method].flat()) methods.add(one);
  });
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const methods: Set<string> | undefined = paths.find('GET', request.url)?.store;
    if (methods === undefined || isServed(methods, request.method)) {
      return sendNotFound(request, reply, `there is no ${pathOf(request)}`);
    }
    reply.header('allow', [...methods].sort().join(', '));
    if (request.method === 'OPTIONS') return reply.status(204).send();
    const detail = `${pathOf(request)} does not take ${request.method}`;
    return sendProblem(request, reply, { status: 405, code: 'method-not-allowed', detail });
  };
  app.setNotFoundHandler(answer);
  return (request, reply, done) => {
    if (request.is404) answer(request, reply);
    else done();
  };
}

// A route may itself find that there is nothing: a file, below the path of all files.
function isServed(methods: ReadonlySet<string>, method: string): boolean {
  return method !== 'OPTIONS' && methods.has(method);
}
