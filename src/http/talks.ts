/** Writing negotiations and agreements. */
import type { CommandRoute } from './commands.ts';
import { on12September, said } from './examples.ts';

const stance = { ...said, party_id: 'ru', counterpart_id: 'ua' };
const course = { ...said, parties: ['ru', 'ua'], mediators: ['tr'] };
const ceasefire = { ...said, parties: ['ru', 'ua'] };

export const talkRoutes: readonly CommandRoute[] = [
  {
    url: '/v1/negotiations/:id/proposals',
    event: 'NegotiationProposed',
    operationId: 'proposeNegotiation',
    summary: 'Record that a party proposes to negotiate',
    example: { ...stance, proposal: 'talks at the level of ministers' },
  },
  {
    url: '/v1/negotiations/:id/acceptances',
    event: 'NegotiationAccepted',
    operationId: 'acceptNegotiation',
    summary: 'Record that a party accepts to negotiate',
    example: stance,
  },
  {
    url: '/v1/negotiations/:id/rejections',
    event: 'NegotiationRejected',
    operationId: 'rejectNegotiation',
    summary: 'Record that a party rejects negotiation',
    example: { ...stance, ...on12September, stance: 'no_prospect' },
  },
  {
    url: '/v1/negotiations/:id/start',
    event: 'NegotiationStarted',
    operationId: 'startNegotiation',
    summary: 'Record that an accepted negotiation started',
    example: course,
  },
  {
    url: '/v1/negotiations/:id/suspension',
    event: 'NegotiationSuspended',
    operationId: 'suspendNegotiation',
    summary: 'Record that an ongoing negotiation was suspended',
    example: { ...course, stated_reason: 'no progress' },
  },
  {
    url: '/v1/negotiations/:id/resumption',
    event: 'NegotiationResumed',
    operationId: 'resumeNegotiation',
    summary: 'Record that a suspended negotiation was resumed',
    example: course,
  },
  {
    url: '/v1/negotiations/:id/conclusion',
    event: 'NegotiationConcluded',
    operationId: 'concludeNegotiation',
    summary: 'Record that a negotiation was concluded, and how',
    example: { ...course, outcome: 'no_agreement' },
  },
  {
    url: '/v1/agreements',
    event: 'CeasefireAgreed',
    operationId: 'agreeCeasefire',
    summary: 'Record that parties agreed on a ceasefire',
    example: { id: 'ceasefire-1', ...ceasefire, effective_from: '2022-09-13T06:00:00Z' },
  },
  {
    url: '/v1/agreements/:id/violations',
    event: 'CeasefireViolated',
    operationId: 'violateCeasefire',
    summary: 'Record that a ceasefire was violated, as its claimant says',
    example: { ...said, ...on12September, by_id: 'ua', form: 'shelling' },
  },
  {
    url: '/v1/agreements/:id/end',
    event: 'CeasefireEnded',
    operationId: 'endCeasefire',
    summary: 'Record that a ceasefire ended, which is final',
    example: { ...said, stated_reason: 'its time ran out' },
  },
  {
    url: '/v1/prisoner-exchanges',
    event: 'PrisonersExchanged',
    operationId: 'exchangePrisoners',
    summary: 'Record that prisoners were exchanged',
    example: {
      id: 'exchange-1',
      ...said,
      ...on12September,
      returned: [
        {
          party_id: 'ua',
          quantity: { value: 215, qualifier: 'exact', unit: '{person}', measure: 'increment' },
        },
      ],
    },
  },
];
