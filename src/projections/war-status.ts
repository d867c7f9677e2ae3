/**
 * The war status of a conflict: who says what, statement beside statement, nothing averaged.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { ClaimMade } from '../domain/claim.ts';
import { correctedClaim } from '../domain/claim-state.ts';
import { stands } from '../domain/lifecycle.ts';
import { standingAfter } from './claim-state.ts';
import { type EventFact, type Handlers, type Projection, projectBy } from './projection.ts';
import { heldAt, type Rows } from './rows.ts';
import {
  type NegotiationFact,
  type NegotiationState,
  negotiationAfter,
  type OperationFact,
  type OperationState,
  operationAfter,
} from './stances.ts';
import type { At } from './vintage.ts';
import {
  assemble,
  type ClaimBody,
  type StatusRow,
  slotOf,
  type WarStatus,
} from './war-status-view.ts';

type Tables = Readonly<Record<string, Rows>>;
type ClaimType = 'ClaimMade' | 'ClaimAssessed' | 'ClaimCorrected' | 'ClaimRetracted';
type ClaimFact = EventFact<ClaimType | 'ClaimSuperseded'>;

const handlers: Handlers<
  | 'ConflictRegistered'
  | 'TroopsWithdrew'
  | ClaimFact['type']
  | OperationFact['type']
  | NegotiationFact['type'],
  Tables
> = {
  ConflictRegistered: (event, rows) => {
    put(rows, event.stream, { kind: 'conflict', slot: '', body: event.data });
  },
  TroopsWithdrew: (event, rows) => {
    const body = { ...event.data, event_id: event.id };
    put(rows, `withdrawal-${event.id}`, { kind: 'withdrawal', slot: event.id, body });
  },
  ClaimMade: followClaim,
  ClaimAssessed: followClaim,
  ClaimCorrected: followClaim,
  ClaimRetracted: followClaim,
  ClaimSuperseded: followClaim,
  OperationDeclared: followOperation,
  OperationGoalReaffirmed: followOperation,
  OperationGoalChanged: followOperation,
  OperationEnded: followOperation,
  NegotiationProposed: followNegotiation,
  NegotiationAccepted: followNegotiation,
  NegotiationRejected: followNegotiation,
  NegotiationStarted: followNegotiation,
  NegotiationSuspended: followNegotiation,
  NegotiationResumed: followNegotiation,
  NegotiationConcluded: followNegotiation,
};

/** What each says of a conflict: a row per claim, operation, negotiation and withdrawal. */
export const warStatus: Projection = {
  name: 'war_status',
  version: 2,
  types: Object.keys(handlers),
  tables: {
    said: {
      columns: {
        kind: 'text',
        conflict_id: 'text',
        slot: 'text',
        asserted_at: 'timestamptz',
        valid_from: 'timestamptz',
        position: 'bigint',
        verification: 'text',
        lifecycle: 'text',
      },
      indexes: ['conflict_id, kind, slot, asserted_at desc, position desc'],
    },
  },
  keysOf: ({ stream, version, type }) => ({
    said: version > 1 && type !== 'TroopsWithdrew' ? [stream] : [],
  }),
  project: projectBy(handlers),
};

/** The status of a conflict, or undefined if it is not registered. */
export async function findWarStatus(
  db: Db,
  { as_of, table }: At,
  conflictId: string,
): Promise<WarStatus | undefined> {
  const said = sql.table(table(warStatus, 'said'));
  const { position, valid_at } = as_of;
  // Control alone has a valid time: a statement about a later day says nothing of this one.
  const { rows } = await sql<StatusRow>`
    select distinct on (kind, slot) kind, verification, body from ${said} t
    where conflict_id = ${conflictId} and slot is not null and ${heldAt(position)}
      and (${valid_at}::timestamptz is null or valid_from is null
           or valid_from <= ${valid_at}::timestamptz)
    order by kind, slot, asserted_at desc, position desc`.execute(db);
  if (!rows.some(({ kind }) => kind === 'conflict')) return undefined;
  const counts = await sql<{ verification: string; lifecycle: string; count: number }>`
    select verification, lifecycle, count(*) from ${said} t
    where conflict_id = ${conflictId} and kind = 'claim' and ${heldAt(position)}
    group by verification, lifecycle order by verification, lifecycle`.execute(db);
  return assemble(conflictId, as_of, rows, counts.rows);
}

function followClaim(event: ClaimFact, rows: Tables): void {
  const before = rows.said?.get(event.stream)?.body as ClaimBody | undefined;
  const body: ClaimBody = {
    made: madeAfter(before, event),
    made_at: before?.made_at ?? event.recorded_at,
    position: before?.position ?? event.position,
    standing: standingAfter(before?.standing, event),
  };
  const { made, made_at, position, standing } = body;
  put(rows, event.stream, {
    kind: 'claim',
    slot: stands(standing) ? claimSlot(made) : null,
    asserted_at: made.asserted_at ?? made_at,
    valid_from:
      made.proposition.kind === 'control'
        ? (made.occurred?.from ?? made.asserted_at ?? made_at)
        : null,
    position,
    verification: standing.verification,
    lifecycle: standing.lifecycle,
    body,
  });
}

function madeAfter(before: ClaimBody | undefined, event: ClaimFact): ClaimMade {
  if (event.type === 'ClaimMade') return event.data as ClaimMade;
  const { made } = before as ClaimBody;
  if (event.type !== 'ClaimCorrected') return made;
  return correctedClaim(made, event.data as EventFact<'ClaimCorrected'>['data']);
}

function followOperation(event: OperationFact, rows: Tables): void {
  const before = rows.said?.get(event.stream)?.body as OperationState | undefined;
  const body = operationAfter(before, event);
  put(rows, event.stream, { kind: 'operation', slot: body.operation_id, body });
}

function followNegotiation(event: NegotiationFact, rows: Tables): void {
  const before = rows.said?.get(event.stream)?.body as NegotiationState | undefined;
  const body = negotiationAfter(before, event);
  put(rows, event.stream, { kind: 'negotiation', slot: body.negotiation_id, body });
}

type Columns = {
  slot: string | null;
  asserted_at?: string;
  valid_from?: string | null;
  position?: number;
  verification?: string;
  lifecycle?: string;
};

function put({ said }: Tables, key: string, { kind, body, ...columns }: StatusRow & Columns) {
  const { conflict_id } = kind === 'claim' ? body.made : body;
  const none = { asserted_at: null, valid_from: null, position: null };
  const unclaimed = { verification: null, lifecycle: null };
  said?.put(key, { kind, conflict_id, ...none, ...unclaimed, ...columns, body });
}

// Null for claims that say nothing the status shows: they are counted all the same.
function claimSlot({ attribution, proposition, places = [] }: ClaimMade): string | null {
  const { claimant_id } = attribution;
  const { kind } = proposition;
  switch (kind) {
    case 'control':
      return slotOf(kind, claimant_id, ...places.map(({ place_id }) => place_id).sort());
    case 'area_control':
      return slotOf(kind, claimant_id, proposition.controller_id);
    case 'settlements_taken':
      return slotOf(kind, claimant_id, proposition.by_id);
    case 'casualties': {
      const { side_id, category, outcome, quantity } = proposition;
      return slotOf(kind, claimant_id, side_id, category, outcome, quantity.measure);
    }
    default:
      return null;
  }
}
