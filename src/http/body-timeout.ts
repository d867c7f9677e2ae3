/**
 * A body that does not arrive in time. Node's own time limit for requests would also end a stream
 * of events, which may be of any length: what reads as it comes is bounded by standing still alone.
 */
import type { FastifyInstance } from 'fastify';
import { answerClientError } from './client-errors.ts';
import type { Limits } from './limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    bodyTimer: NodeJS.Timeout | undefined;
  }
}

/** Makes `app` wait only so long for a body that is read as a whole. */
export function useBodyTimeout(app: FastifyInstance, { bodyTimeoutMs }: Limits): void {
  app.decorateRequest('bodyTimer');
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    // Most requests bring none, and need no timer.
    if (length === undefined && coding === undefined) return done();
    const timeout = { code: 'ERR_HTTP_REQUEST_TIMEOUT', rawPacket: undefined };
    const { socket } = request.raw;
    request.bodyTimer = setTimeout(() => answerClientError(timeout, socket), bodyTimeoutMs);
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    clearTimeout(request.bodyTimer);
    done();
  });
  // A body that could not be read, and a client that went away.
  app.addHook('onResponse', (request, _reply, done) => {
    clearTimeout(request.bodyTimer);
    done();
  });
  app.addHook('onRequestAbort', (request, done) => {
    clearTimeout(request.bodyTimer);
    done();
  });
}
