/** The domain's no over HTTP: which status each code has, said once. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActRejection } from '../domain/acts.ts';
import type { ExecuteRejection, Refusal } from '../eventstore/execute.ts';
import { sendProblem } from './errors.ts';
import type { ProblemMembers } from './problem.ts';

/** Total by code: a new one does not compile without its status. */
export const statusOfRejection: Record<ActRejection | ExecuteRejection, number> = {
  'registered-otherwise': 409,
  'actor-unknown': 404,
  'place-unknown': 404,
  'point-impossible': 422,
  'report-unknown': 404,
  'report-retracted': 409,
  'nothing-corrected': 422,
  'claim-unknown': 404,
  'claim-made-otherwise': 409,
  'claim-of-other-conflict': 422,
  'claim-retracted': 409,
  'claim-superseded-otherwise': 409,
  'claim-of-itself': 422,
  'not-the-current-value': 409,
  'correction-impossible': 422,
  'operation-declared-otherwise': 409,
  'operation-ended': 409,
  'operation-of-other-conflict': 422,
  'operation-of-other-actor': 422,
  'party-is-counterpart': 422,
  'negotiation-of-other-conflict': 422,
  'negotiation-not-accepted': 409,
  'negotiation-not-ongoing': 409,
  'negotiation-not-suspended': 409,
  'agreement-unknown': 404,
  'agreed-otherwise': 409,
  'exchanged-otherwise': 409,
  'ceasefire-ended': 409,
  'agreement-of-other-conflict': 422,
  'quantity-impossible': 422,
  'times-impossible': 422,
  'reference-unknown': 422,
  'event-id-taken': 409,
  'too-large': 413,
};

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
