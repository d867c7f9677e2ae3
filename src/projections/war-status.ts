/**
 * The war status of a conflict: who says what, statement beside statement, nothing averaged.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { ClaimMade } from '../domain/claim.ts';
import { correctedClaim } from '../domain/claim-state.ts';
import { stands } from '../domain/lifecycle.ts';
import { standingAfter } from './claim-state.ts';
import { listNegotiations, negotiations } from './negotiations.ts';
import { listMovements, listOperations, operations } from './operations.ts';
import { type EventFact, type Handlers, type Projection, projectBy } from './projection.ts';
import { heldAt, type Rows } from './rows.ts';
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

const handlers: Handlers<'ConflictRegistered' | ClaimFact['type'], Tables> = {
  ConflictRegistered: (event, rows) => {
    put(rows, event.stream, { kind: 'conflict', slot: '', body: event.data });
  },
  ClaimMade: followClaim,
  ClaimAssessed: followClaim,
  ClaimCorrected: followClaim,
  ClaimRetracted: followClaim,
  ClaimSuperseded: followClaim,
};

/** What is claimed of a conflict: a row per claim. */
export const warStatus: Projection = {
  name: 'war_status',
  version: 3,
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
  keysOf: ({ stream, version }) => ({ said: version > 1 ? [stream] : [] }),
  project: projectBy(handlers),
};

/** What the war status is read from. */
export const warStatusSources: readonly Projection[] = [warStatus, negotiations, operations];

/** The status of a conflict, or undefined if it is not registered. */
export async function findWarStatus(
  db: Db,
  at: At,
  conflictId: string,
): Promise<WarStatus | undefined> {
  const { as_of, table } = at;
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
  const acts = {
    negotiations: await listNegotiations(db, at, conflictId),
    operations: await listOperations(db, at, conflictId),
    withdrawals: await listMovements(db, at, conflictId, 'TroopsWithdrew'),
  };
  return assemble(conflictId, as_of, { rows, counts: counts.rows, ...acts });
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
