/** Every refusal of the API, said once: RFC 9457 problems, and which status each has. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isTransientError } from '../db.ts';
import { Overloaded, TooLarge } from '../eventstore/event-store.ts';
import { ViewBehind } from '../projections/vintage.ts';

const titles: Record<number, string> = {
  400: 'Malformed request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict with what is recorded',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Refused',
  500: 'Internal error',
  503: 'Unavailable',
};

export const problemType = 'application/problem+json';

/** RFC 9457, with a stable `code` and a JSON pointer (RFC 6901) per fault. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    code: Type.String(),
    request_id: Type.String(),
    current_version: Type.Optional(Type.Integer()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String(),
          detail: Type.String(),
          in: Type.Optional(Type.String({ enum: ['body', 'query', 'path', 'header'] })),
        }),
      ),
    ),
  },
  { $id: 'Problem', additionalProperties: false },
);

/** What a problem says; the rest follows from the request. */
export type ProblemMembers = {
  status: number;
  code: string;
  detail: string;
  errors?: readonly { pointer: string; detail: string; in?: string }[];
  current_version?: number;
};

/** Answers with a problem. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, members: ProblemMembers) {
  if (members.status === 503) reply.header('retry-after', '1');
  const { status, code, detail, errors, current_version } = members;
  return reply
    .status(status)
    .type(problemType)
    .serializer(JSON.stringify)
    .send({
      type: `urn:frontlog:problem:${code}`,
      title: titles[status] ?? 'Error',
      status,
      detail,
      instance: request.url,
      code,
      request_id: request.id,
      ...(current_version !== undefined && { current_version }),
      ...(errors !== undefined && errors.length > 0 && { errors }),
    });
}

/** Answers a request for what is not there. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply, detail: string) {
  return sendProblem(request, reply, { status: 404, code: 'not-found', detail });
}

/** Makes `app` answer everything that is thrown, and every unknown path, with a problem. */
export function useProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    sendNotFound(request, reply, `there is no ${request.method} ${request.url.split('?')[0]}`),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const members = problemOf(error);
    if (members.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(request, reply, members);
  });
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
  if (error instanceof TooLarge) {
    return { status: 413, code: 'too-large', detail: error.message };
  }
  if (error instanceof Overloaded) {
    return { status: 503, code: 'overloaded', detail: error.message };
  }
  if (error instanceof ViewBehind) {
    return { status: 503, code: 'view-behind', detail: error.message };
  }
  if (isTransientError(error)) {
    return { status: 503, code: 'log-unavailable', detail: 'PostgreSQL cannot be reached' };
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    const code = error.code?.replace(/^FST_(ERR_)?/, '') ?? 'malformed';
    const detail = error.message;
    return { status: error.statusCode, code: code.toLowerCase().replaceAll('_', '-'), detail };
  }
  return { status: 500, code: 'internal', detail: 'the fault is ours; it is logged' };
}

type AjvFault = {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
};

/** Faults that Ajv found, each with its pointer. */
export function faultsOf(errors: readonly object[]) {
  return errors.map((error) => faultOf(error as AjvFault));
}

function faultOf({ instancePath, keyword, message, params }: AjvFault) {
  const member = (name: unknown) =>
    `${instancePath}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  switch (keyword) {
    case 'required':
      return { pointer: member(params.missingProperty), detail: 'is missing' };
    case 'additionalProperties':
      return { pointer: member(params.additionalProperty), detail: 'is not a known member' };
    case 'enum':
      return {
        pointer: instancePath,
        detail: `must be one of ${(params.allowedValues as unknown[]).join(', ')}`,
      };
    case 'discriminator':
      return { pointer: member(params.tag), detail: 'must name a known kind' };
    default:
      return { pointer: instancePath, detail: message ?? keyword };
  }
}
