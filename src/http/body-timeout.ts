/**
 * A body that does not arrive in time. Node's own time limit for requests would also end a stream
 * of events, which may be of any length: what reads as it comes is bounded by standing still alone.
 */
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answerClientError } from './client-errors.ts';
import type { Limits } from './limits.ts';

/** The request of a connection whose body is awaited, and until when. */
type Awaited = { request: FastifyRequest | undefined; deadline: number };

/**
 * Makes `app` wait only so long for a body that is read as a whole. To be called after what may
 * turn a request away. Looks at all connections once in a while: a timer of each request's own
 * would cost more than its schema, and a Map of requests the garbage collector
 * (`eventstore/append-queue.ts` says why). The bodies of one connection come one after the other.
 */
export function useBodyTimeout(app: FastifyInstance, limits: Limits): void {
  const { bodyTimeoutMs, timeoutCheckIntervalMs } = limits;
  const connections = new Map<Socket, Awaited>();
  app.server.on('connection', (socket: Socket) => {
    connections.set(socket, { request: undefined, deadline: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    const awaited = connections.get(request.raw.socket);
    if (awaited !== undefined && (length !== undefined || coding !== undefined)) {
      awaited.request = request;
      awaited.deadline = performance.now() + bodyTimeoutMs;
    }
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    const awaited = connections.get(request.raw.socket);
    if (awaited?.request === request) awaited.request = undefined;
    done();
  });
  const check = setInterval(() => {
    const now = performance.now();
    for (const [socket, awaited] of connections) {
      const { request, deadline } = awaited;
      if (request === undefined) continue;
      // A body that could not be read was answered, a client that went away wants no answer.
      const isOver = request.raw.complete || request.raw.destroyed;
      if (!isOver && deadline > now) continue;
      awaited.request = undefined;
      if (!isOver) answerClientError(timedOut, socket);
    }
  }, timeoutCheckIntervalMs);
  check.unref();
  app.addHook('onClose', async () => clearInterval(check));
}

const timedOut = { code: 'ERR_HTTP_REQUEST_TIMEOUT', rawPacket: undefined };
