/** The domain's no over HTTP. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../eventstore/execute.ts';
import { sendProblem } from './errors.ts';
import type { ProblemMembers } from './problem.ts';
import { statusOfRejection } from './rejection-status.ts';

/** The answer to who expected no version, and met others on the stream again and again. */
export const outrun: ProblemMembers = {
  status: 503,
  code: 'overloaded',
  detail: 'the stream was written to again and again; send it once more',
};

/** Answers with the domain's no. */
export function sendRejection(
  request: FastifyRequest,
  reply: FastifyReply,
  { code, detail, faults }: Refusal,
) {
  return sendProblem(request, reply, {
    status: statusOfRejection[code],
    code,
    detail,
    errors: faults,
  });
}
