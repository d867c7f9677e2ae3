/** Writing acts: movements of forces, operations, negotiations. */
import type { FastifyInstance } from 'fastify';
import { force, WithdrawTroops } from '../domain/force.ts';
import { negotiation, RejectNegotiation } from '../domain/negotiation.ts';
import { operation, ReaffirmGoal } from '../domain/operation.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { addCommands } from './commands.ts';

export function addActs(app: FastifyInstance, store: EventStore): void {
  addCommands(app, store, [
    {
      url: '/v1/forces/:id/withdrawals',
      operationId: 'withdrawTroops',
      summary: 'Record that troops of an actor withdrew',
      tag: 'acts',
      decider: force,
      command: 'WithdrawTroops',
      schema: WithdrawTroops,
    },
    {
      url: '/v1/operations/:id/reaffirmations',
      operationId: 'reaffirmGoal',
      summary: "Record that an operation's goal was reaffirmed",
      tag: 'acts',
      decider: operation,
      command: 'ReaffirmGoal',
      schema: ReaffirmGoal,
    },
    {
      url: '/v1/negotiations/:id/rejections',
      operationId: 'rejectNegotiation',
      summary: 'Record that a party rejects negotiation',
      tag: 'acts',
      decider: negotiation,
      command: 'RejectNegotiation',
      schema: RejectNegotiation,
    },
  ]);
}
