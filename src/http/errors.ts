/** Every refusal of the API, said once: which problem answers what. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isTransientError } from '../db.ts';
import { Overloaded, TooLarge } from '../eventstore/event-store.ts';
import { TooWide } from '../projections/places.ts';
import { BeyondLog, ViewBehind } from '../projections/vintage.ts';
import { faultsOf } from './faults.ts';
import { JsonFault } from './json-scanner.ts';
import { type ProblemMembers, pathOf, problemText, problemType } from './problem.ts';

// The server's own refusals, whose words would show what it is made of or repeat the request.
const refusals: Record<number, { code: string; detail: string }> = {
  400: { code: 'malformed', detail: 'the request is not well-formed' },
  408: { code: 'request-timeout', detail: 'the request did not arrive in time' },
  413: { code: 'too-large', detail: 'the body is larger than this route takes' },
  414: { code: 'uri-too-long', detail: 'the path, or a part of it, is too long' },
  415: { code: 'unsupported-media-type', detail: 'this route does not take that content type' },
};

/** Answers with a problem. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, members: ProblemMembers) {
  if (members.status === 503) reply.header('retry-after', '1');
  return reply
    .status(members.status)
    .type(problemType)
    .header('cache-control', 'no-store')
    .serializer((text: string) => text)
    .send(problemText(members, request.id, pathOf(request)));
}

/** Answers a request for what is not there. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply, detail: string) {
  return sendProblem(request, reply, { status: 404, code: 'not-found', detail });
}

/** Makes `app` answer everything that is thrown with a problem. */
export function useProblems(app: FastifyInstance): void {
  app.setErrorHandler(sendError);
}

/** Answers with what an error means to the client; ours are logged and not told. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const members = problemOf(error);
  // 503 says that the world is not ready, which is no fault of ours.
  if (members.status === 503) request.log.warn({ err: error }, 'request refused for now');
  else if (members.status >= 500) request.log.error({ err: error }, 'request failed');
  return sendProblem(request, reply, members);
}

/** What is to be answered where something was thrown. */
export function problemOf(error: FastifyError): ProblemMembers {
  if (error.validation) {
    const where = {
      body: 'body',
      querystring: 'query',
      params: 'path',
      headers: 'header',
    } as const;
    const part = where[error.validationContext as keyof typeof where] ?? 'body';
    return {
      status: 400,
      code: 'malformed',
      detail: `the ${part} does not fit its schema`,
      errors: faultsOf(error.validation).map((fault) => ({ ...fault, in: part })),
    };
  }
  if (error instanceof JsonFault) {
    const errors = [{ pointer: error.pointer, detail: error.message, in: 'body' as const }];
    const detail = `the body ${error.pointer === '' ? error.message : 'is not JSON to record'}`;
    return { status: 400, code: 'malformed', detail, errors };
  }
  if (error instanceof TooLarge) {
    return { status: 413, code: 'too-large', detail: error.message };
  }
  if (error instanceof Overloaded) {
    return { status: 503, code: 'overloaded', detail: error.message };
  }
  if (error instanceof BeyondLog) {
    return { status: 400, code: 'beyond-log', detail: error.message };
  }
  if (error instanceof TooWide) {
    return { status: 400, code: 'too-wide', detail: error.message };
  }
  if (error instanceof ViewBehind) {
    return { status: 503, code: 'view-behind', detail: error.message };
  }
  if (isTransientError(error)) {
    return { status: 503, code: 'log-unavailable', detail: 'PostgreSQL is away or busy' };
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    const { statusCode: status } = error;
    return { status, ...(refusals[status] ?? { code: 'refused', detail: error.message }) };
  }
  return { status: 500, code: 'internal', detail: 'the fault is ours; it is logged' };
}
