/** RFC 9457 problems as they go over the wire. */
import { STATUS_CODES } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Fault } from './faults.ts';
import { statusOfRejection } from './rejection-status.ts';

const titles: Record<number, string> = {
  400: 'Malformed request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'Conflict with what is recorded',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Refused',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

const errorsMax = 50;
const instanceLengthMax = 500;
// Bidirectional and other controls that JSON lets stand: a log or terminal would obey them.
const misleading = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export const problemType = 'application/problem+json';

/** RFC 9457, with a stable `code` and a JSON pointer (RFC 6901) per fault. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    code: Type.String({
      description:
        'Stable: what problems are told apart by. Commands are refused with ' +
        `${Object.entries(statusOfRejection)
          .map(([code, status]) => `\`${code}\` (${status})`)
          .join(', ')}.`,
    }),
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

export type ProblemMembers = {
  status: number;
  code: string;
  detail: string;
  errors?: readonly Fault[];
  current_version?: number;
};

/** A problem as it goes over the wire. */
export function problemText(members: ProblemMembers, request_id: string, instance: string): string {
  const { status, code, detail, errors, current_version } = members;
  const text = JSON.stringify({
    type: `urn:frontlog:problem:${code}`,
    title: titles[status] ?? STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance,
    code,
    request_id,
    ...(current_version !== undefined && { current_version }),
    ...(errors !== undefined && errors.length > 0 && { errors: errors.slice(0, errorsMax) }),
  });
  return text.replace(
    misleading,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The path asked for, without its query; what no URI may hold is percent-encoded. */
export function pathOf(request: FastifyRequest): string {
  const [path] = request.url.split('?', 1) as [string];
  if (!path.startsWith('/')) return '/';
  return path
    .slice(0, instanceLengthMax)
    .replace(/[^\w.~:/#[\]@!$&'()*+,;=%-]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
