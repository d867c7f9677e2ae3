/** The domain's no over HTTP. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Refusal, WrongExpectedVersion } from '../eventstore/execute.ts';
import { sendProblem } from './errors.ts';
import { statusOfRejection } from './rejection-status.ts';

/** Answers with the domain's no. */
export function sendRejection(request: FastifyRequest, reply: FastifyReply, refusal: Refusal) {
  const { code, detail, faults } = refusal;
  return sendProblem(request, reply, {
    status: statusOfRejection[code],
    code,
    detail,
    errors: faults,
    ...(refusal instanceof WrongExpectedVersion && { current_version: refusal.currentVersion }),
  });
}
