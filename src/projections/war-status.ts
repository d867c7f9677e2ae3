/**
 * The war status of a conflict: who says what now, statement beside statement, nothing averaged.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { ClaimAssessed, ClaimMade } from '../domain/claim.ts';
import { verificationOf } from '../domain/verification.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { type Handlers, handleEach, type Projection } from './projection.ts';
import { readAsOf } from './vintage.ts';
import { assemble, type ClaimBody, type Row, slotOf, type WarStatus } from './war-status-view.ts';

const table = 'war_status_v1';

type Rows = Map<string, Row>;

const handlers: Handlers<
  | 'ConflictRegistered'
  | 'NegotiationRejected'
  | 'OperationGoalReaffirmed'
  | 'TroopsWithdrew'
  | 'ClaimMade'
  | 'ClaimAssessed',
  Rows
> = {
  ConflictRegistered: (event, rows) =>
    put(rows, event, 'conflict', event.data.conflict_id, '', event.data),
  NegotiationRejected: (event, rows) => {
    const { negotiation_id, party_id, counterpart_id } = event.data;
    const slot = slotOf(negotiation_id, party_id, counterpart_id);
    put(rows, event, 'stance', event.id, slot, event.data);
  },
  OperationGoalReaffirmed: (event, rows) =>
    put(rows, event, 'operation', event.id, event.data.operation_id, event.data),
  TroopsWithdrew: (event, rows) => put(rows, event, 'withdrawal', event.id, event.id, event.data),
  ClaimMade: (event, rows) => {
    const body: ClaimBody = { made: event.data, assessments: [] };
    put(rows, event, 'claim', event.data.claim_id, claimSlot(event.data), body).verification =
      verificationOf([]).status;
  },
  ClaimAssessed: (event, rows) => {
    const row = rows.get(`claim ${event.data.claim_id}`);
    if (row === undefined) throw new Error(`claim ${event.data.claim_id} was never made`);
    const body = row.body as ClaimBody;
    const assessments = [...body.assessments, event.data];
    row.body = { ...body, assessments };
    row.verification = verificationOf(assessments).status;
  },
};

/** Statements per conflict. */
export const warStatus: Projection = {
  name: 'war_status',
  version: 1,
  types: Object.keys(handlers),
  async createTables(db) {
    await sql`create table if not exists ${sql.table(table)} (
      kind text not null, key text collate "C" not null, conflict_id text not null,
      slot text not null, asserted_at timestamptz not null, position bigint not null,
      verification text, body json not null, primary key (kind, key))`.execute(db);
    await sql`create index if not exists war_status_v1_slots on ${sql.table(table)}
      (conflict_id, kind, slot, asserted_at desc, position desc)`.execute(db);
  },
  async apply(transaction, events) {
    const rows = await loadRows(transaction, events);
    handleEach(handlers, events, rows);
    await saveRows(transaction, [...rows.values()]);
  },
};

/** The status of a conflict, or undefined if it is not registered. */
export async function findWarStatus(db: Db, conflictId: string): Promise<WarStatus | undefined> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (snapshot) => {
      const as_of = await readAsOf(snapshot, warStatus);
      const { rows } = await sql<Row>`
        select distinct on (kind, slot) * from ${sql.table(table)}
        where conflict_id = ${conflictId}
          and not (kind = 'claim' and slot = '')
        order by kind, slot, asserted_at desc, position desc`.execute(snapshot);
      const counts = await sql<{ verification: string; count: number }>`
        select verification, count(*) from ${sql.table(table)}
        where conflict_id = ${conflictId} and kind = 'claim'
        group by verification`.execute(snapshot);
      if (!rows.some(({ kind }) => kind === 'conflict')) return undefined;
      return assemble(conflictId, as_of, rows, counts.rows);
    });
}

function put(
  rows: Rows,
  event: { position: number; recorded_at: string },
  kind: Row['kind'],
  key: string,
  slot: string,
  body: { conflict_id: string; asserted_at?: string } | ClaimBody,
): Row {
  const said = 'made' in body ? body.made : body;
  const row: Row = {
    kind,
    key,
    conflict_id: said.conflict_id,
    slot,
    asserted_at: said.asserted_at ?? event.recorded_at,
    position: event.position,
    verification: null,
    body,
  };
  rows.set(`${kind} ${key}`, row);
  return row;
}

// Claims that say nothing the status shows have the empty slot; they are counted all the same.
function claimSlot({ attribution, proposition, places = [] }: ClaimMade): string {
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
      return '';
  }
}

async function loadRows(transaction: Db, events: readonly RecordedEvent[]): Promise<Rows> {
  const claimIds = events
    .filter(({ type }) => type === 'ClaimAssessed')
    .map(({ data }) => (data as ClaimAssessed).claim_id);
  if (claimIds.length === 0) return new Map();
  const { rows } = await sql<Row>`
    select * from ${sql.table(table)}
    where kind = 'claim' and key = any (${claimIds}::text[])`.execute(transaction);
  return new Map(rows.map((row) => [`${row.kind} ${row.key}`, row]));
}

async function saveRows(transaction: Db, rows: readonly Row[]): Promise<void> {
  const column = <C extends keyof Row>(name: C) => rows.map((row) => row[name]);
  await sql`
    insert into ${sql.table(table)}
      (kind, key, conflict_id, slot, asserted_at, position, verification, body)
    select * from unnest(
      ${column('kind')}::text[], ${column('key')}::text[], ${column('conflict_id')}::text[],
      ${column('slot')}::text[], ${column('asserted_at')}::timestamptz[],
      ${column('position')}::bigint[], ${column('verification')}::text[],
      ${rows.map(({ body }) => JSON.stringify(body))}::json[])
    on conflict (kind, key) do update
      set verification = excluded.verification, body = excluded.body`.execute(transaction);
}
