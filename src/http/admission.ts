/** What is asked of every request before a route sees it, and what every answer carries. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendError, sendProblem } from './errors.ts';
import type { Limits } from './limits.ts';
import type { ProblemMembers } from './problem.ts';

/** JSON is not a page: nothing in an answer may be run, framed, sniffed or embedded elsewhere. */
export const safetyHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** What the API's documentation needs: its own scripts and styles, and its document. */
export const documentationPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The client's own id of a request where it is fit to be repeated and logged, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Makes `app` look at every request first. */
export function useAdmission(app: FastifyInstance, limits: Limits): void {
  app.addHook('onRequest', (request, reply, done) => {
    addStandingHeaders(request, reply);
    const refusal = refusalOf(request, limits);
    if (refusal === undefined) done();
    else sendProblem(request, reply, refusal);
  });
}

/** Answers a request whose path cannot be read: the router turns it away before any hook. */
export function sendUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  addStandingHeaders(request, reply);
  sendError(error, request, reply);
}

function addStandingHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(safetyHeaders).header('x-request-id', request.id);
}

function refusalOf({ raw }: FastifyRequest, limits: Limits): ProblemMembers | undefined {
  if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
    // RFC 9112, 3.2.
    return { status: 400, code: 'malformed', detail: 'the header Host is missing' };
  }
  if ((raw.url as string).length > limits.urlLengthMax) {
    const detail = `the URL has more than ${limits.urlLengthMax} characters`;
    return { status: 414, code: 'uri-too-long', detail };
  }
  if (raw.rawHeaders.length > 2 * limits.headersMax) {
    const detail = `there are more than ${limits.headersMax} headers`;
    return { status: 431, code: 'headers-too-large', detail };
  }
  return undefined;
}
