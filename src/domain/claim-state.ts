/** What has become of a claim: how it reads now, what changed, when and why. */
import { type ClaimAssessed, type ClaimEvent, type ClaimMade, contentOf, madeOf } from './claim.ts';
import { corrected } from './correction.ts';
import { type Lifecycle, stronger } from './lifecycle.ts';
import type { Recorded } from './recorded.ts';

type Attribution = ClaimMade['attribution'];
type Relation = Of<'ClaimLinked'>['data']['relation'];
export type Link = { readonly relation: Relation; readonly claim_id: string };
export type RecordedAssessment = ClaimAssessed & {
  readonly position: number;
  readonly recorded_at: string;
};

/** One change of a claim: what it was, by whom and why, as far as the event says so. */
export type Change = {
  readonly position: number;
  readonly event_id: string;
  readonly recorded_at: string;
  readonly asserted_at: string | null;
  readonly type: Exclude<ClaimEvent['type'], 'ClaimMade' | 'ClaimAssessed' | 'ClaimRepeated'>;
  /** Whose correction, retraction, supersession or link it is. */
  readonly claimant_id: string;
  readonly cause: Of<'ClaimCorrected'>['data']['cause'] | null;
  /** A JSON pointer (RFC 6901) into the claim as it was said. */
  readonly field: string | null;
  /** Absent where nothing was there before, or nothing is after. */
  readonly from?: unknown;
  readonly to?: unknown;
  readonly reason: string | null;
  readonly relation: Relation | null;
  /** The claim that it is superseded by, or linked with. */
  readonly other_claim_id: string | null;
};

/** A claim as it stands after its events. Plain JSON, so that a read model may keep it as it is. */
export type ClaimState = {
  /** As it reads after all corrections, with bounds. */
  readonly current: ClaimMade;
  readonly lifecycle: Lifecycle;
  readonly superseded_by: string | null;
  readonly changes: readonly Change[];
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
  return {
    ...next,
    report_ids: reportIdsOf([next.current.attribution, ...next.repetitions]),
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
  ClaimAssessed: ({ assessments }, { data, position, recorded_at }) => ({
    assessments: [...assessments, { ...data, position, recorded_at }],
  }),
  ClaimCorrected: (state, event) => {
    const { cause, field, from, to } = event.data;
    const values = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    return {
      current: correctedClaim(state.current, event.data),
      lifecycle: stronger(state.lifecycle, 'corrected'),
      changes: changed(state, event, { cause, field, ...values }),
    };
  },
  ClaimSuperseded: (state, event) => ({
    lifecycle: stronger(state.lifecycle, 'superseded'),
    superseded_by: event.data.by_claim_id,
    changes: changed(state, event, { other_claim_id: event.data.by_claim_id }),
  }),
  ClaimRetracted: (state, event) => ({
    lifecycle: stronger(state.lifecycle, 'retracted'),
    changes: changed(state, event, {}),
  }),
  ClaimLinked: (state, event) => {
    const { relation, other_claim_id } = event.data;
    return {
      links: [...state.links, { relation, claim_id: other_claim_id }],
      changes: changed(state, event, { relation, other_claim_id }),
    };
  },
  ClaimUnlinked: (state, event) => {
    const { relation, other_claim_id } = event.data;
    const isIt = (link: Link) => link.relation === relation && link.claim_id === other_claim_id;
    return {
      links: state.links.filter((link) => !isIt(link)),
      changes: changed(state, event, { relation, other_claim_id }),
    };
  },
};

function changed(
  { changes }: ClaimState,
  { id, position, recorded_at, type, data }: Recorded<Of<Change['type']>>,
  more: Partial<Change>,
): readonly Change[] {
  const change = {
    position,
    event_id: id,
    recorded_at,
    asserted_at: data.asserted_at ?? null,
    type,
    claimant_id: data.attribution.claimant_id,
    cause: null,
    field: null,
    reason: data.reason ?? null,
    relation: null,
    other_claim_id: null,
  };
  return [...changes, { ...change, ...more }];
}

/** A claim as it was made. */
export function madeState(event: Recorded<Of<'ClaimMade'>>): ClaimState {
  const { data, position, version, recorded_at } = event;
  return {
    current: data,
    lifecycle: 'active',
    superseded_by: null,
    changes: [],
    links: [],
    assessments: [],
    repetitions: [],
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
  const hops = attributions.flatMap(({ chain }) => chain);
  return [...new Set(hops.flatMap(({ report_id }) => report_id ?? []))];
}
