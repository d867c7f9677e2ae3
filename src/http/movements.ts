/** Writing movements of forces and the course of operations. */
import type { CommandRoute } from './commands.ts';
import { on12September, said } from './examples.ts';

const operation = { ...said, actor_id: 'ru' };

export const movementRoutes: readonly CommandRoute[] = [
  {
    url: '/v1/forces/:id/deployments',
    event: 'TroopsDeployed',
    operationId: 'deployTroops',
    summary: 'Record that troops of an actor were deployed',
    example: { ...said, ...on12September, to: ['iso:UA-63'], basis: 'claimed' },
  },
  {
    url: '/v1/forces/:id/withdrawals',
    event: 'TroopsWithdrew',
    operationId: 'withdrawTroops',
    summary: 'Record that troops of an actor withdrew',
    example: {
      ...said,
      occurred: { from: '2022-09-10', to: '2022-09-10', date_precision: 1 },
      from: ['iso:UA-63'],
      stated_purpose: 'to regroup',
      basis: 'acknowledged',
    },
  },
  {
    url: '/v1/forces/:id/advances',
    event: 'TroopsAdvanced',
    operationId: 'advanceTroops',
    summary: 'Record that troops of an actor advanced',
    example: { ...said, ...on12September, to: ['geonames:707292'], basis: 'claimed' },
  },
  {
    url: '/v1/operations',
    event: 'OperationDeclared',
    operationId: 'declareOperation',
    summary: 'Record that an actor declared an operation',
    example: { id: 'ru-in-ukraine-2022', ...operation, goal: 'as first declared' },
  },
  {
    url: '/v1/operations/:id/reaffirmations',
    event: 'OperationGoalReaffirmed',
    operationId: 'reaffirmGoal',
    summary: "Record that an operation's goal was reaffirmed",
    example: { ...operation, ...on12September, goal: 'until the goals first set are reached' },
  },
  {
    url: '/v1/operations/:id/goal-changes',
    event: 'OperationGoalChanged',
    operationId: 'changeGoal',
    summary: "Record that an operation's goal was changed",
    example: { ...operation, goal: 'a narrower goal', stated_reason: 'first stage over' },
  },
  {
    url: '/v1/operations/:id/end',
    event: 'OperationEnded',
    operationId: 'endOperation',
    summary: 'Record that an operation ended, which is final',
    example: { ...operation, outcome: 'goals declared reached' },
  },
];
