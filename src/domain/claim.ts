/**
 * A claim: one proposition by one claimant at one time, where else it was found, what assessors
 * made of it, and how it was corrected, superseded or retracted.
 *
 * Over 200 lines because an aggregate is one file, and this one has eight events.
 */
import { type Static, Type } from 'typebox';
import { Equal } from 'typebox/value';
import { refuseOther, refuseSupersession, successorToAsk } from './claim-relations.ts';
import { asSaid, Correction, correct, corrected } from './correction.ts';
import {
  type AnyDecisionCode,
  type CommandOf,
  type Decider,
  decideBy,
  type EventOf,
  impossibleTimes,
  Rejection,
  type Upcasters,
} from './decider.ts';
import { derivedFaults } from './derived.ts';
import { ofOtherConflict } from './own-conflict.ts';
import { Proposition, PropositionSaid } from './proposition.ts';
import { deriveBounds, impossible, quantityFaults, withoutBounds } from './quantity.ts';
import { lastSaid, saidAtMs } from './recorded.ts';
import { findReferences } from './references.ts';
import { isSaid, remember, type Said } from './said.ts';
import { timeFaults } from './times.ts';
import {
  ActorId,
  attributed,
  ClaimId,
  code,
  EntityId,
  Evidence,
  list,
  located,
  strictObject,
  Text,
} from './vocabulary.ts';

const claimed = { ...attributed, ...located };
const assessed = {
  ...attributed,
  assessor_id: ActorId,
  verdict: code('could_not_verify', 'corroborated', 'disputed', 'verified', 'refuted'),
  // The Admiralty code (NATO STANAG 2511): reliability of the source, credibility of the
  // information.
  source_reliability: Type.Optional(code('A', 'B', 'C', 'D', 'E', 'F')),
  information_credibility: Type.Optional(Type.Integer({ minimum: 1, maximum: 6 })),
  method: Type.Optional(Text),
  evidence: Type.Optional(list(Evidence)),
};
const correction = { ...attributed, ...Correction };
const retracted = { ...attributed, reason: Text };
const superseded = { ...attributed, by_claim_id: ClaimId, reason: Type.Optional(Text) };
const linked = {
  ...attributed,
  relation: code('contradicts', 'corroborates', 'same_occurrence'),
  other_claim_id: ClaimId,
  reason: Type.Optional(Text),
};

const ofClaim = { claim_id: EntityId };
export const claimEvents = {
  ClaimMade: Type.Object({ ...ofClaim, ...claimed, proposition: Proposition }),
  ClaimRepeated: Type.Object({ ...ofClaim, ...attributed }),
  ClaimAssessed: Type.Object({ ...ofClaim, ...assessed }),
  ClaimCorrected: Type.Object({ ...ofClaim, ...correction }),
  ClaimRetracted: Type.Object({ ...ofClaim, ...retracted }),
  ClaimSuperseded: Type.Object({ ...ofClaim, ...superseded }),
  ClaimLinked: Type.Object({ ...ofClaim, ...linked }),
  ClaimUnlinked: Type.Object({ ...ofClaim, ...linked }),
};
export type ClaimEvent = EventOf<typeof claimEvents>;
export type ClaimMade = Static<typeof claimEvents.ClaimMade>;
export type ClaimAssessed = Static<typeof claimEvents.ClaimAssessed>;
type Content = Static<typeof claimCommands.MakeClaim>;

type Verdict = Static<typeof claimCommands.AssessClaim>;

type State = {
  readonly made?: ClaimMade;
  /** As it is said after all corrections. */
  readonly current?: Content;
  /** Of each assessor, in the order in which they were recorded. */
  readonly verdicts: Readonly<Record<string, readonly Verdict[]>>;
  readonly links: readonly string[];
  readonly retracted?: Static<typeof claimEvents.ClaimRetracted>;
  readonly superseded?: Static<typeof claimEvents.ClaimSuperseded>;
  readonly said: Said;
};

export const claimCommands = {
  MakeClaim: strictObject({ ...claimed, proposition: PropositionSaid }),
  RepeatClaim: strictObject(attributed),
  AssessClaim: strictObject(assessed),
  CorrectClaim: strictObject(correction),
  RetractClaim: strictObject(retracted),
  SupersedeClaim: strictObject(superseded),
  LinkClaim: strictObject(linked),
  UnlinkClaim: strictObject(linked),
};
export type ClaimCommand = CommandOf<typeof claimCommands>;
export type ClaimRejection =
  | AnyDecisionCode
  | 'claim-unknown'
  | 'claim-made-otherwise'
  | 'claim-of-other-conflict'
  | 'claim-retracted'
  | 'claim-superseded-otherwise'
  | 'claim-supersedes-it'
  | 'claim-of-itself'
  | 'not-the-current-value'
  | 'correction-impossible'
  | 'quantity-impossible';

/** `claim-{id}`: made once; nothing after retraction but assessments. */
export const claim: Decider<State, ClaimCommand, ClaimEvent, ClaimRejection> = {
  category: 'claim',
  initialState: { verdicts: {}, links: [], said: null },
  evolve: {
    ClaimMade: (state, data) => ({ ...state, made: data, current: contentOf(data) }),
    ClaimRepeated: (state, data) => ({
      ...state,
      said: remember(state.said, 'ClaimRepeated', data),
    }),
    ClaimAssessed: (state, data) => {
      const verdicts = [...(state.verdicts[data.assessor_id] ?? []), data];
      return { ...state, verdicts: { ...state.verdicts, [data.assessor_id]: verdicts } };
    },
    ClaimCorrected: (state, data) => ({
      ...state,
      current: corrected(state.current as Content, data) as Content,
    }),
    ClaimRetracted: (state, data) => ({ ...state, retracted: data }),
    ClaimSuperseded: (state, data) => ({ ...state, superseded: data }),
    ClaimLinked: (state, data) => ({ ...state, links: [...state.links, linkOf(data)] }),
    ClaimUnlinked: (state, data) => ({
      ...state,
      links: state.links.filter((link) => link !== linkOf(data)),
    }),
  },
  decide: decideBy<State, ClaimCommand, ClaimEvent, ClaimRejection>({
    MakeClaim: (data, state, claim_id) => {
      const refusal = impossibleQuantity(data, '/proposition/quantity');
      if (refusal !== undefined) return refusal;
      const event = { type: 'ClaimMade', data: madeOf(claim_id, data) } as const;
      if (state.made === undefined) return [event];
      if (Equal(state.made, event.data)) return [];
      return new Rejection('claim-made-otherwise', 'this claim was made with other content');
    },
    AssessClaim: (data, state, claim_id) => {
      const refusal = notOfThisClaim(data, state);
      if (refusal !== undefined) return refusal;
      if (isVerdictAlready(data, state.verdicts[data.assessor_id] ?? [])) return [];
      return [{ type: 'ClaimAssessed', data: { claim_id, ...data } }];
    },
    RepeatClaim: (data, state, claim_id) => {
      const event = { type: 'ClaimRepeated', data: { claim_id, ...data } } as const;
      const isSoAlready = isSaid(state.said, event) || sameSource(data, state.made);
      return whileActive(data, state, isSoAlready, event);
    },
    CorrectClaim: (shown, state, claim_id) => {
      const underived = impossible(derivedFaults(shown.to, '/to'));
      if (underived !== undefined) return underived;
      const data = asSaid(shown);
      const event = { type: 'ClaimCorrected', data: { claim_id, ...data } } as const;
      if (state.current === undefined) return whileActive(data, state, false, event);
      const content = correct(state.current, data, claimCommands.MakeClaim);
      if (content instanceof Rejection) return content;
      // The fault is of what is corrected; other fields say nothing of the times.
      const times = data.field.startsWith('/occurred') ? timeFaults(content) : [];
      const faults = times.map(({ detail }) => ({ pointer: '/to', detail }));
      const refusal = impossibleQuantity(content, '/to') ?? impossibleTimes(faults);
      return refusal ?? whileActive(data, state, Equal(content, state.current), event);
    },
    RetractClaim: (data, state, claim_id) => {
      const event = { type: 'ClaimRetracted', data: { claim_id, ...data } } as const;
      return whileActive(data, state, Equal(state.retracted, event.data), event);
    },
    SupersedeClaim: (data, state, claim_id, others) => {
      const event = { type: 'ClaimSuperseded', data: { claim_id, ...data } } as const;
      if (data.by_claim_id === claim_id) return ofItself('/by_claim_id');
      const by = state.superseded?.by_claim_id;
      if (by === undefined || by === data.by_claim_id) {
        const { conflict_id, by_claim_id } = data;
        const refusal = refuseSupersession(claim_id, conflict_id, by_claim_id, others);
        return whileActive(data, state, by === by_claim_id, event, refusal);
      }
      return new Rejection('claim-superseded-otherwise', `it is superseded by ${by}`);
    },
    LinkClaim: (data, state, claim_id, others) => {
      const { conflict_id, other_claim_id } = data;
      if (other_claim_id === claim_id) return ofItself('/other_claim_id');
      const event = { type: 'ClaimLinked', data: { claim_id, ...data } } as const;
      const refusal = refuseOther(conflict_id, other_claim_id, '/other_claim_id', others);
      return whileActive(data, state, state.links.includes(linkOf(data)), event, refusal);
    },
    UnlinkClaim: (data, state, claim_id) => {
      const event = { type: 'ClaimUnlinked', data: { claim_id, ...data } } as const;
      return whileActive(data, state, !state.links.includes(linkOf(data)), event);
    },
  }),
  dependsOn: (command, others) => {
    const { type, id, data } = command;
    if (type === 'SupersedeClaim') return successorToAsk(id, data.by_claim_id, others);
    if (type !== 'LinkClaim' || others.has(data.other_claim_id)) return [];
    return [data.other_claim_id];
  },
  references: (command, state) => {
    if (command.type !== 'CorrectClaim' || state.current === undefined) return [];
    const content = corrected(state.current, asSaid(command.data));
    const { field } = command.data;
    return findReferences(claimCommands.MakeClaim, content)
      .filter(({ pointer }) => pointer === field || pointer.startsWith(`${field}/`))
      .map(({ pointer, stream }) => ({ pointer: `/to${pointer.slice(field.length)}`, stream }));
  },
};

/** Version 1 had evidence as bare text. */
export const claimUpcasters: Upcasters<typeof claimEvents> = {
  ClaimAssessed: [
    ({ evidence, ...data }) => ({
      ...data,
      ...(evidence !== undefined && {
        evidence: (evidence as string[]).map((description) => ({ description })),
      }),
    }),
  ],
};

/** What the log keeps of a claim as a client said it: with its id and the derived bounds. */
export function madeOf(claim_id: string, { proposition, ...content }: Content): ClaimMade {
  const kept =
    'quantity' in proposition
      ? { ...proposition, quantity: deriveBounds(proposition.quantity) }
      : proposition;
  return { claim_id, ...content, proposition: kept };
}

/** What a client said of a claim as the log keeps it: without its id and the derived bounds. */
export function contentOf({ claim_id: _id, proposition, ...content }: ClaimMade): Content {
  const asSaid =
    'quantity' in proposition
      ? { ...proposition, quantity: withoutBounds(proposition.quantity) }
      : proposition;
  return { ...content, proposition: asSaid };
}

// It is what the assessor says now, or what they said at that time: found again in another report.
function isVerdictAlready(data: Verdict, verdicts: readonly Verdict[]): boolean {
  const byThen = verdicts.filter((one) => saidAtMs(one) <= saidAtMs(data));
  return [verdicts, byThen].some((said) => lastSaid(said)?.verdict === data.verdict);
}

function impossibleQuantity({ proposition }: Content, pointer: string) {
  if (!('quantity' in proposition)) return undefined;
  const isCounted = proposition.kind !== 'area_control';
  return impossible(quantityFaults(proposition.quantity, pointer, isCounted));
}

function whileActive(
  data: { conflict_id: string },
  state: State,
  isSo: boolean,
  event: ClaimEvent,
  unlessSo?: Rejection<ClaimRejection>,
) {
  const refusal = notOfThisClaim(data, state);
  if (refusal !== undefined) return refusal;
  if (isSo) return [];
  if (unlessSo !== undefined) return unlessSo;
  if (state.retracted === undefined) return [event];
  return new Rejection('claim-retracted', 'the claim was retracted, which is final');
}

function notOfThisClaim(data: { conflict_id: string }, state: State) {
  if (state.made === undefined) return new Rejection('claim-unknown', 'there is no such claim');
  if (state.made.conflict_id === data.conflict_id) return undefined;
  const detail = `the claim is of ${state.made.conflict_id}`;
  return ofOtherConflict('claim-of-other-conflict', 'claim', detail);
}

function ofItself(pointer: string) {
  const fault = { pointer, detail: 'is the claim itself' };
  return new Rejection('claim-of-itself', 'a claim does not relate to itself', [fault]);
}

// Found again where it was first found.
function sameSource(data: Pick<ClaimMade, 'attribution'>, made: ClaimMade | undefined): boolean {
  return made !== undefined && Equal(made.attribution, data.attribution);
}

function linkOf({ relation, other_claim_id }: { relation: string; other_claim_id: string }) {
  return `${relation} ${other_claim_id}`;
}
