/** What an event changes, for a client that keeps a copy: which entity, how, and why. */
import type { DataOf, EventType } from './catalogue.ts';

/** What there is to keep a copy of. A movement of forces is there once, by its event's id. */
export const entityKinds = [
  'conflict',
  'actor',
  'place',
  'report',
  'claim',
  'movement',
  'operation',
  'negotiation',
  'agreement',
] as const;
export type EntityKind = (typeof entityKinds)[number];

/** What may become of an entity. `changed`: as the type of the event says. */
export const changeKinds = [
  'created',
  'corrected',
  'retracted',
  'superseded',
  'renamed',
  'repeated',
  'assessed',
  'linked',
  'unlinked',
  'changed',
  'ended',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

export type Entity = { readonly kind: EntityKind; readonly id: string };
export type EntityChange = {
  readonly entity: Entity;
  readonly change: ChangeKind;
  /** Others that are not what they were: the other end of a link, what superseded a claim. */
  readonly also: readonly Entity[];
  /** Of a correction: why it was needed. */
  readonly cause: string | null;
  /** In the words of who made the change. */
  readonly reason: string | null;
  /** Of a correction: a JSON pointer (RFC 6901) into the claim. */
  readonly field: string | null;
  readonly conflict_id: string | null;
  /** Who says so; null in the register, which is nobody's word. */
  readonly claimant_id: string | null;
};

/** What an event of each type does to its entity, where that was there before. */
const kindOf: Readonly<Record<EventType, ChangeKind>> = {
  ConflictRegistered: 'created',
  ActorRegistered: 'created',
  ActorRenamed: 'renamed',
  PlaceRegistered: 'created',
  PlaceAliasAdded: 'renamed',
  ReportPublished: 'created',
  ReportCorrected: 'corrected',
  ReportRetracted: 'retracted',
  ClaimMade: 'created',
  ClaimRepeated: 'repeated',
  ClaimAssessed: 'assessed',
  ClaimCorrected: 'corrected',
  ClaimRetracted: 'retracted',
  ClaimSuperseded: 'superseded',
  ClaimLinked: 'linked',
  ClaimUnlinked: 'unlinked',
  TroopsDeployed: 'created',
  TroopsWithdrew: 'created',
  TroopsAdvanced: 'created',
  OperationDeclared: 'changed',
  OperationGoalReaffirmed: 'changed',
  OperationGoalChanged: 'changed',
  OperationEnded: 'ended',
  NegotiationProposed: 'changed',
  NegotiationAccepted: 'changed',
  NegotiationRejected: 'changed',
  NegotiationStarted: 'changed',
  NegotiationSuspended: 'changed',
  NegotiationResumed: 'changed',
  NegotiationConcluded: 'ended',
  CeasefireAgreed: 'changed',
  CeasefireViolated: 'changed',
  CeasefireEnded: 'ended',
  PrisonersExchanged: 'changed',
};

type AnyData = Partial<
  DataOf<'ClaimCorrected'> & DataOf<'ClaimSuperseded'> & DataOf<'ClaimLinked'>
> & { readonly stated_reason?: string };

/** What the event changes. Its stream names the entity; the first of a stream creates it. */
export function changeOf(event: {
  readonly type: EventType;
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly data: object;
}): EntityChange {
  const { type, version } = event;
  const data = event.data as AnyData;
  const others = [data.by_claim_id, data.other_claim_id].filter((id) => id !== undefined);
  return {
    entity: entityOf(event),
    change: version === 1 ? 'created' : kindOf[type],
    also: others.map((id) => ({ kind: 'claim', id })),
    cause: data.cause ?? null,
    reason: data.reason ?? data.stated_reason ?? null,
    field: data.field ?? null,
    conflict_id: data.conflict_id ?? null,
    claimant_id: data.attribution?.claimant_id ?? null,
  };
}

function entityOf({ stream, id }: { readonly stream: string; readonly id: string }): Entity {
  const at = stream.indexOf('-');
  const category = stream.slice(0, at);
  if (category === 'force') return { kind: 'movement', id };
  return { kind: category as EntityKind, id: stream.slice(at + 1) };
}
