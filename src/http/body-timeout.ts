/**
 * A body that does not arrive in time. Node's own time limit for requests would also end a stream
 * of events, which may be of any length: what reads as it comes is bounded by standing still alone.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answerClientError } from './client-errors.ts';
import type { Limits } from './limits.ts';

/**
 * Makes `app` wait only so long for a body that is read as a whole. To be called after what may
 * turn a request away. Looks at all that it waits for once in a while: a timer of each request's
 * own would cost more than its schema.
 */
export function useBodyTimeout(app: FastifyInstance, limits: Limits): void {
  const { bodyTimeoutMs, timeoutCheckIntervalMs } = limits;
  const deadlines = new Map<FastifyRequest, number>();
  app.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    if (length !== undefined || coding !== undefined) {
      deadlines.set(request, performance.now() + bodyTimeoutMs);
    }
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    deadlines.delete(request);
    done();
  });
  const check = setInterval(() => {
    const now = performance.now();
    for (const [request, deadline] of deadlines) {
      // A body that could not be read was answered, a client that went away wants no answer.
      const isOver = request.raw.complete || request.raw.destroyed;
      if (!isOver && deadline > now) continue;
      deadlines.delete(request);
      if (!isOver) answerClientError(timedOut, request.raw.socket);
    }
  }, timeoutCheckIntervalMs);
  check.unref();
  app.addHook('onClose', async () => clearInterval(check));
}

const timedOut = { code: 'ERR_HTTP_REQUEST_TIMEOUT', rawPacket: undefined };
