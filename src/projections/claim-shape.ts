/** The shape of a claim: as it reads after its corrections, with its claimant and its status. */
import { type Static, Type } from 'typebox';
import { claimEvents } from '../domain/claim.ts';
import { Proposition } from '../domain/proposition.ts';
import {
  Attribution,
  code,
  ExternalCode,
  Occurred,
  orNull,
  PlaceMention,
} from '../domain/vocabulary.ts';
import type { KnownClaim } from './claim-tables.ts';

const { assessor_id, verdict, source_reliability, information_credibility } =
  claimEvents.ClaimAssessed.properties;
const { relation } = claimEvents.ClaimLinked.properties;
const Link = Type.Object({ relation, claim_id: Type.String() });

// Counts are stored in their order: another one is another version of the projection `claims`.
export const lifecycles = ['active', 'corrected', 'superseded', 'retracted'] as const;
export const statuses = [
  'unverified',
  'could_not_verify',
  'corroborated',
  'disputed',
  'verified',
  'refuted',
] as const;

/** What a claim may assert. */
export const ClaimKind = code(
  'casualties',
  'equipment_losses',
  'control',
  'area_control',
  'settlements_taken',
  'attack',
  'statement',
);

const count = Type.Integer({ minimum: 0 });
/** What assessments, sources and links amount to, under a named policy. */
export const Verification = Type.Object({
  status: code(...statuses),
  policy: Type.String(),
  counts: Type.Object({
    could_not_verify: count,
    corroborated: count,
    disputed: count,
    verified: count,
    refuted: count,
  }),
  independent_origins: Type.Integer({ minimum: 1, description: 'Itself among them.' }),
});
export const Lifecycle = code(...lifecycles);

/** A claim as it reads after its corrections. */
export const Claim = Type.Object({
  id: Type.String(),
  conflict_id: Type.String(),
  claimant_id: Type.String(),
  attribution: Attribution,
  proposition: Proposition,
  occurred: orNull(Occurred),
  asserted_at: orNull(Type.String()),
  places: Type.Array(PlaceMention),
  place_precision: orNull(Type.Integer()),
  external_codes: Type.Array(ExternalCode),
  verification: Verification,
  is_adverse: Type.Boolean({
    description: "It goes against the interest of the claimant's own side.",
  }),
  assessments: Type.Array(
    Type.Object({
      assessor_id,
      verdict,
      source_reliability,
      information_credibility,
      asserted_at: orNull(Type.String()),
      position: Type.Integer(),
    }),
  ),
  lifecycle: Lifecycle,
  superseded_by: orNull(Type.String()),
  links: Type.Array(Link, { description: 'From this claim to others.' }),
  linked_by: Type.Array(Link, { description: 'From others to this claim.' }),
  repetitions: Type.Array(Attribution, { description: 'Where else it was found.' }),
  report_ids: Type.Array(Type.String()),
  version: Type.Integer(),
  recorded_at: Type.String({ description: 'When it was first recorded.' }),
  position: Type.Integer({ description: 'Where it was first recorded.' }),
  last_recorded_at: Type.String({ description: 'Of the last event in its stream.' }),
  last_position: Type.Integer(),
});
export type Claim = Static<typeof Claim>;

/** The claim as the API shows it. */
export function claimOf({ state, verification, is_adverse, linked_by }: KnownClaim): Claim {
  const { current, assessments } = state;
  return {
    id: current.claim_id,
    conflict_id: current.conflict_id,
    claimant_id: current.attribution.claimant_id,
    attribution: current.attribution,
    proposition: current.proposition,
    occurred: current.occurred ?? null,
    asserted_at: current.asserted_at ?? null,
    places: current.places ?? [],
    place_precision: current.place_precision ?? null,
    external_codes: current.external_codes ?? [],
    verification,
    is_adverse,
    assessments: assessments.map(({ asserted_at = null, ...one }) => ({
      assessor_id: one.assessor_id,
      verdict: one.verdict,
      ...(one.source_reliability && { source_reliability: one.source_reliability }),
      ...(one.information_credibility && { information_credibility: one.information_credibility }),
      asserted_at,
      position: one.position,
    })),
    lifecycle: state.lifecycle,
    superseded_by: state.superseded_by,
    links: [...state.links],
    linked_by: [...linked_by],
    repetitions: [...state.repetitions],
    report_ids: [...state.report_ids],
    version: state.version,
    recorded_at: state.recorded_at,
    position: state.position,
    last_recorded_at: state.last_recorded_at,
    last_position: state.last_position,
  };
}
