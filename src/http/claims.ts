/** Writing claims, and what becomes of them. */
import type { CommandRoute } from './commands.ts';
import { on12September, said } from './examples.ts';

const link = { ...said, other_claim_id: 'ua-2022-09-12-izium' };

export const claimRoutes: readonly CommandRoute[] = [
  {
    url: '/v1/claims',
    event: 'ClaimMade',
    operationId: 'makeClaim',
    summary: 'Record that a claimant claims something',
    example: {
      id: 'ru-mod-2022-09-12-killed',
      ...said,
      ...on12September,
      places: [{ place_id: 'iso:UA-63', relation: 'at' }],
      place_precision: 4,
      proposition: {
        kind: 'casualties',
        side_id: 'ua',
        category: 'military',
        outcome: 'killed',
        quantity: {
          value: 300,
          qualifier: 'more_than',
          unit: '{person}',
          measure: 'increment',
          period: { duration: 'PT24H', ends: 'asserted_at' },
        },
      },
    },
  },
  {
    url: '/v1/claims/:id/repetitions',
    event: 'ClaimRepeated',
    operationId: 'repeatClaim',
    summary: 'Record that a claim was found in another report',
    example: {
      ...said,
      attribution: { ...said.attribution, chain: [{ actor_id: 'cnn', role: 'publisher' }] },
    },
  },
  {
    url: '/v1/claims/:id/assessments',
    event: 'ClaimAssessed',
    operationId: 'assessClaim',
    summary: "Record an assessor's verdict on a claim",
    example: {
      ...said,
      assessor_id: 'afp',
      verdict: 'could_not_verify',
      evidence: [{ description: 'no access to the area' }],
    },
  },
  {
    url: '/v1/claims/:id/corrections',
    event: 'ClaimCorrected',
    operationId: 'correctClaim',
    summary: 'Correct one value of a claim, and say why',
    example: {
      ...said,
      cause: 'extraction_error',
      field: '/proposition/quantity/value',
      from: 300,
      to: 310,
      reason: 'misread',
    },
  },
  {
    url: '/v1/claims/:id/retraction',
    event: 'ClaimRetracted',
    operationId: 'retractClaim',
    summary: 'Record that a claim was retracted; only assessments may follow',
    example: { ...said, reason: 'withdrawn by the ministry' },
  },
  {
    url: '/v1/claims/:id/supersession',
    event: 'ClaimSuperseded',
    operationId: 'supersedeClaim',
    summary: 'Record that another claim takes the place of this one',
    example: { ...said, by_claim_id: 'ru-mod-2022-09-13-killed', reason: 'a later total' },
  },
  {
    url: '/v1/claims/:id/links',
    event: 'ClaimLinked',
    operationId: 'linkClaim',
    summary: 'Record how a claim relates to another',
    example: { ...link, relation: 'contradicts' },
  },
  {
    url: '/v1/claims/:id/unlinks',
    event: 'ClaimUnlinked',
    operationId: 'unlinkClaim',
    summary: 'Record that a claim does not relate to another after all',
    example: { ...link, relation: 'contradicts', reason: 'another day' },
  },
];
