/** What has become of a claim: how it reads now, and how it stands. */
import { type ClaimAssessed, type ClaimEvent, type ClaimMade, contentOf, madeOf } from './claim.ts';
import { corrected } from './correction.ts';
import { type Lifecycle, stronger } from './lifecycle.ts';
import type { Recorded } from './recorded.ts';

type Attribution = ClaimMade['attribution'];
type Relation = Of<'ClaimLinked'>['data']['relation'];
export type Link = { readonly relation: Relation; readonly claim_id: string };
/** An assessment as far as anything follows from it; what else it says is in its event. */
export type RecordedAssessment = Pick<
  ClaimAssessed,
  | 'assessor_id'
  | 'verdict'
  | 'source_reliability'
  | 'information_credibility'
  | 'asserted_at'
  | 'occurred'
> & {
  /** Whether it gives any. */
  readonly has_evidence: boolean;
  readonly position: number;
};

/** A claim as it stands after its events. Plain JSON, so that a read model may keep it as it is. */
export type ClaimState = {
  /** As it reads after all corrections, with bounds. */
  readonly current: ClaimMade;
  readonly lifecycle: Lifecycle;
  readonly superseded_by: string | null;
  /** Whether it was, whatever became of it then. */
  readonly is_corrected: boolean;
  /** The links made from this claim; others may link to it. */
  readonly links: readonly Link[];
  readonly assessments: readonly RecordedAssessment[];
  /** Where else it was found. */
  readonly repetitions: readonly Attribution[];
  readonly report_ids: readonly string[];
  /** When it was made. */
  readonly position: number;
  readonly recorded_at: string;
  /** As of its last event. */
  readonly version: number;
  readonly last_position: number;
  readonly last_recorded_at: string;
};

/** What rules about claims among each other need of one. */
export type ClaimView = Pick<ClaimState, 'current' | 'lifecycle' | 'links' | 'position'>;

/** The state of a claim after its events, in the order of the log; undefined if there are none. */
export function claimStateOf(events: Iterable<Recorded<ClaimEvent>>): ClaimState | undefined {
  let state: ClaimState | undefined;
  for (const event of events) state = afterClaimEvent(state, event);
  return state;
}

/** The state after one more event. Throws where anything but its making comes first. */
export function afterClaimEvent(
  state: ClaimState | undefined,
  event: Recorded<ClaimEvent>,
): ClaimState {
  const { position, version, recorded_at } = event;
  if (state === undefined) {
    if (event.type === 'ClaimMade') return madeState(event);
    throw new Error(`claim ${event.data.claim_id} was never made`);
  }
  const handler = handlers[event.type] as (
    state: ClaimState,
    event: unknown,
  ) => Partial<ClaimState>;
  const next = { ...state, ...handler(state, event) };
  const { current, repetitions } = next;
  const isFoundElsewhere = current !== state.current || repetitions !== state.repetitions;
  return {
    ...next,
    ...(isFoundElsewhere && { report_ids: reportIdsOf([current.attribution, ...repetitions]) }),
    version,
    last_position: position,
    last_recorded_at: recorded_at,
  };
}

/** How a claim reads after a correction; bounds follow from what was said, so are derived anew. */
export function correctedClaim(
  claim: ClaimMade,
  correction: Of<'ClaimCorrected'>['data'],
): ClaimMade {
  const content = corrected(contentOf(claim), correction) as ReturnType<typeof contentOf>;
  return madeOf(claim.claim_id, content);
}

type Of<T extends ClaimEvent['type']> = Extract<ClaimEvent, { type: T }>;

const handlers: {
  readonly [T in ClaimEvent['type']]: (
    state: ClaimState,
    event: Recorded<Of<T>>,
  ) => Partial<ClaimState>;
} = {
  // It is made once; the same again is recorded nowhere.
  ClaimMade: () => ({}),
  ClaimRepeated: ({ repetitions }, { data }) => ({
    repetitions: [...repetitions, data.attribution],
  }),
  ClaimAssessed: ({ assessments }, { data, position }) => ({
    assessments: [...assessments, assessmentOf(data, position)],
  }),
  ClaimCorrected: ({ current, lifecycle }, { data }) => ({
    current: correctedClaim(current, data),
    is_corrected: true,
    lifecycle: stronger(lifecycle, 'corrected'),
  }),
  ClaimSuperseded: ({ lifecycle }, { data }) => ({
    lifecycle: stronger(lifecycle, 'superseded'),
    superseded_by: data.by_claim_id,
  }),
  ClaimRetracted: ({ lifecycle }) => ({ lifecycle: stronger(lifecycle, 'retracted') }),
  ClaimLinked: ({ links }, { data: { relation, other_claim_id } }) => ({
    links: [...links, { relation, claim_id: other_claim_id }],
  }),
  ClaimUnlinked: ({ links }, { data: { relation, other_claim_id } }) => ({
    links: links.filter((link) => link.relation !== relation || link.claim_id !== other_claim_id),
  }),
};

function assessmentOf(data: ClaimAssessed, position: number): RecordedAssessment {
  const { assessor_id, verdict, source_reliability, information_credibility } = data;
  const { asserted_at, occurred } = data;
  return {
    ...{ assessor_id, verdict, has_evidence: (data.evidence?.length ?? 0) > 0, position },
    ...(source_reliability !== undefined && { source_reliability }),
    ...(information_credibility !== undefined && { information_credibility }),
    ...(asserted_at !== undefined && { asserted_at }),
    ...(occurred !== undefined && { occurred }),
  };
}

// One for all: many claims are held at once.
const none: readonly never[] = [];

/** A claim as it was made. */
export function madeState(event: Recorded<Of<'ClaimMade'>>): ClaimState {
  const { data, position, version, recorded_at } = event;
  return {
    current: data,
    lifecycle: 'active',
    superseded_by: null,
    is_corrected: false,
    links: none,
    assessments: none,
    repetitions: none,
    report_ids: reportIdsOf([data.attribution]),
    position,
    recorded_at,
    version,
    last_position: position,
    last_recorded_at: recorded_at,
  };
}

/** The reports that these name, each once. */
export function reportIdsOf(attributions: readonly Attribution[]): string[] {
  const ids: string[] = [];
  for (const { chain } of attributions) {
    for (const { report_id } of chain) if (report_id !== undefined) ids.push(report_id);
  }
  return ids.length < 2 ? ids : [...new Set(ids)];
}
