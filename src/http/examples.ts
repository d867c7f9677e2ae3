/** What examples share in the API's documents: the report of 12 September 2022. */

import type { ClaimChange } from '../projections/claim-history.ts';
import type { Claim } from '../projections/claim-shape.ts';
import type { Category, Entry } from '../projections/registry.ts';

export const conflictId = 'russia-ukraine-2022';

/** As the Russian ministry said it, through AFP, in a report of CNN Indonesia. */
export const said = {
  conflict_id: conflictId,
  attribution: {
    claimant_id: 'ru-mod',
    chain: [
      { actor_id: 'ru-mod', role: 'originator' },
      { actor_id: 'afp', role: 'relay' },
      { actor_id: 'cnn-indonesia', role: 'publisher', report_id: 'cnn-indonesia-2022-09-12' },
    ],
  },
  asserted_at: '2022-09-12',
};
export const on12September = {
  occurred: { from: '2022-09-12', to: '2022-09-12', date_precision: 1 },
};

const unverified = {
  status: 'could_not_verify' as const,
  policy: 'v1',
  counts: { could_not_verify: 1, corroborated: 0, disputed: 0, verified: 0, refuted: 0 },
  independent_origins: 1,
};
/** A claim of that report, as it is read. */
export const exampleClaim: Claim = {
  id: 'ru-mod-2022-09-12-killed',
  conflict_id: conflictId,
  claimant_id: 'ru-mod',
  attribution: said.attribution as Claim['attribution'],
  proposition: {
    kind: 'casualties',
    side_id: 'ua',
    category: 'military',
    outcome: 'killed',
    quantity: {
      ...{ value: 300, qualifier: 'more_than', unit: '{person}', measure: 'increment' },
      period: { duration: 'PT24H', ends: 'asserted_at' },
      ...{ low: 301, best: null, high: null },
    },
  },
  ...on12September,
  asserted_at: '2022-09-12',
  places: [{ place_id: 'iso:UA-63', relation: 'at' }],
  place_precision: 4,
  external_codes: [],
  verification: unverified,
  is_adverse: false,
  assessments: [
    { assessor_id: 'afp', verdict: 'could_not_verify', asserted_at: '2022-09-12', position: 43 },
  ],
  lifecycle: 'active',
  superseded_by: null,
  links: [],
  linked_by: [],
  repetitions: [],
  report_ids: ['cnn-indonesia-2022-09-12'],
  version: 2,
  recorded_at: '2022-09-13T00:00:00.000000Z',
  position: 42,
  last_recorded_at: '2022-09-13T00:00:01.000000Z',
  last_position: 43,
};
/** What became of it. */
export const exampleChange: ClaimChange = {
  position: 43,
  event_id: '0190f2d5-7a3c-7d64-8d0c-0d6f3f6f1c12',
  recorded_at: '2022-09-13T00:00:01.000000Z',
  type: 'ClaimAssessed',
  claim_id: exampleClaim.id,
  by: 'afp',
  asserted_at: '2022-09-12',
  attribution: { claimant_id: 'afp', chain: [] },
  cause: null,
  reason: null,
  field: null,
  assessment: { assessor_id: 'afp', verdict: 'could_not_verify' },
  relation: null,
  other_claim_id: null,
  before: {
    lifecycle: 'active',
    verification: {
      ...unverified,
      status: 'unverified',
      counts: { ...unverified.counts, could_not_verify: 0 },
    },
  },
  after: { lifecycle: 'active', verification: unverified },
};

const kept = { version: 1, position: 42, recorded_at: '2022-09-13T00:00:00.000000Z' };
/** An entry of each category of the register. */
export const exampleEntries: Readonly<Record<Category, Entry>> = {
  conflict: { id: conflictId, name: 'Russia and Ukraine, from February 2022', ...kept },
  actor: { id: 'afp', name: 'Agence France-Presse', kind: 'agency', former_names: [], ...kept },
  place: { id: 'geonames:707292', name: 'Izium', point: [37.26, 49.21], aliases: [], ...kept },
  report: {
    id: 'cnn-indonesia-2022-09-12',
    outlet_id: 'cnn-indonesia',
    url: 'https://www.cnnindonesia.com/internasional',
    language: 'id',
    headline: 'Dihajar Habis-habisan, Rusia Tetap Ogah Damai dengan Ukraina',
    published_at: '2022-09-12T19:39:00+07:00',
    report_version: 1,
    lifecycle: 'active',
    ...kept,
  },
};
