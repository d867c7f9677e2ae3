/** From an event type to the command that leads to it: what HTTP, bulk and importers decide by. */
import type { TObject, TSchema } from 'typebox';
import { type ActorRejection, actor, actorCommands } from './actor.ts';
import { type AgreementRejection, agreement, agreementCommands } from './agreement.ts';
import type { EventType } from './catalogue.ts';
import { type ClaimRejection, claim, claimCommands } from './claim.ts';
import { conflict, conflictCommands } from './conflict.ts';
import { asSaid } from './correction.ts';
import type { Decider } from './decider.ts';
import { withoutDerived } from './derived.ts';
import { force, forceCommands } from './force.ts';
import { type NegotiationRejection, negotiation, negotiationCommands } from './negotiation.ts';
import { type OperationRejection, operation, operationCommands } from './operation.ts';
import { type PlaceRejection, place, placeCommands } from './place.ts';
import { findReferences, type Reference, streamsReferredTo } from './references.ts';
import { type ReportRejection, report, reportCommands } from './report.ts';
import { ActorId, EntityId, NewClaimId, PlaceEntityId } from './vocabulary.ts';

/** Every code that a command can be refused with by its aggregate. */
export type ActRejection =
  | ActorRejection
  | PlaceRejection
  | ReportRejection
  | ClaimRejection
  | OperationRejection
  | NegotiationRejection
  | AgreementRejection;

// biome-ignore lint/suspicious/noExplicitAny: a table holds deciders of every aggregate
export type AnyDecider = Decider<any, any, any, ActRejection>;

/** One kind of command: whose it is, what it carries, and which member of its event is the id. */
export type Act = {
  readonly decider: AnyDecider;
  readonly command: string;
  readonly schema: TObject;
  readonly idMember: string;
  readonly idSchema: TSchema;
};

const actsOf =
  <Schemas extends Record<string, TObject>>(
    decider: AnyDecider,
    schemas: Schemas,
    idMember: string,
    idSchema: TSchema = EntityId,
  ) =>
  (command: keyof Schemas & string): Act => ({
    decider,
    command,
    schema: schemas[command] as TObject,
    idMember,
    idSchema,
  });

const ofConflict = actsOf(conflict, conflictCommands, 'conflict_id');
const ofActor = actsOf(actor, actorCommands, 'actor_id');
const ofPlace = actsOf(place, placeCommands, 'place_id', PlaceEntityId);
const ofReport = actsOf(report, reportCommands, 'report_id');
const ofClaim = actsOf(claim, claimCommands, 'claim_id', NewClaimId);
const ofForce = actsOf(force, forceCommands, 'actor_id', ActorId);
const ofOperation = actsOf(operation, operationCommands, 'operation_id');
const ofNegotiation = actsOf(negotiation, negotiationCommands, 'negotiation_id');
const ofAgreement = actsOf(agreement, agreementCommands, 'agreement_id');

/** The act behind each event type: one that is missing does not compile. */
export const acts: Readonly<Record<EventType, Act>> = {
  ConflictRegistered: ofConflict('RegisterConflict'),
  ActorRegistered: ofActor('RegisterActor'),
  ActorRenamed: ofActor('RenameActor'),
  PlaceRegistered: ofPlace('RegisterPlace'),
  PlaceAliasAdded: ofPlace('AddPlaceAlias'),
  ReportPublished: ofReport('PublishReport'),
  ReportCorrected: ofReport('CorrectReport'),
  ReportRetracted: ofReport('RetractReport'),
  ClaimMade: ofClaim('MakeClaim'),
  ClaimRepeated: ofClaim('RepeatClaim'),
  ClaimAssessed: ofClaim('AssessClaim'),
  ClaimCorrected: ofClaim('CorrectClaim'),
  ClaimRetracted: ofClaim('RetractClaim'),
  ClaimSuperseded: ofClaim('SupersedeClaim'),
  ClaimLinked: ofClaim('LinkClaim'),
  ClaimUnlinked: ofClaim('UnlinkClaim'),
  TroopsDeployed: ofForce('DeployTroops'),
  TroopsWithdrew: ofForce('WithdrawTroops'),
  TroopsAdvanced: ofForce('AdvanceTroops'),
  OperationDeclared: ofOperation('DeclareOperation'),
  OperationGoalReaffirmed: ofOperation('ReaffirmGoal'),
  OperationGoalChanged: ofOperation('ChangeGoal'),
  OperationEnded: ofOperation('EndOperation'),
  NegotiationProposed: ofNegotiation('ProposeNegotiation'),
  NegotiationAccepted: ofNegotiation('AcceptNegotiation'),
  NegotiationRejected: ofNegotiation('RejectNegotiation'),
  NegotiationStarted: ofNegotiation('StartNegotiation'),
  NegotiationSuspended: ofNegotiation('SuspendNegotiation'),
  NegotiationResumed: ofNegotiation('ResumeNegotiation'),
  NegotiationConcluded: ofNegotiation('ConcludeNegotiation'),
  CeasefireAgreed: ofAgreement('AgreeCeasefire'),
  CeasefireViolated: ofAgreement('ViolateCeasefire'),
  CeasefireEnded: ofAgreement('EndCeasefire'),
  PrisonersExchanged: ofAgreement('ExchangePrisoners'),
};

/** The command to the instance `id`, as its decider takes it. */
export function commandOf(act: Act, id: string, data: object) {
  return { type: act.command, id, data };
}

/**
 * Everything that a command points to: also its instance, where that is another's, as a force is
 * an actor's.
 */
export function referencesOf(act: Act, id: string, data: object): Reference[] {
  const pointer = `/${act.idMember}`;
  const own = findReferences(act.idSchema, id).map(({ stream }) => ({ pointer, stream }));
  return [...own, ...findReferences(act.schema, data)];
}

/** The streams that `referencesOf` finds, each once. */
export function streamsNamedBy(act: Act, id: string, data: object): string[] {
  return streamsReferredTo(act.schema, data, streamsReferredTo(act.idSchema, id));
}

/**
 * What the command behind an event of today's shape carries: the event's data without the id and
 * without what the domain derives.
 */
export function commandDataOf(type: EventType, data: Record<string, unknown>) {
  const { [acts[type].idMember]: id, ...rest } = data;
  const said = type === 'ClaimCorrected' ? asSaid(rest) : withoutDerived(rest);
  return { id, data: said as Record<string, unknown> };
}
