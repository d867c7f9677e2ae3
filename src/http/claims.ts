/** Writing claims and what assessors make of them. */
import type { FastifyInstance } from 'fastify';
import { AssessClaim, claim, MakeClaim } from '../domain/claim.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { addCommands } from './commands.ts';

export function addClaims(app: FastifyInstance, store: EventStore): void {
  addCommands(app, store, [
    {
      url: '/v1/claims',
      operationId: 'makeClaim',
      summary: 'Record that a claimant claims something',
      tag: 'claims',
      decider: claim,
      command: 'MakeClaim',
      schema: MakeClaim,
    },
    {
      url: '/v1/claims/:id/assessments',
      operationId: 'assessClaim',
      summary: "Record an assessor's verdict on a claim",
      tag: 'claims',
      decider: claim,
      command: 'AssessClaim',
      schema: AssessClaim,
    },
  ]);
}
