/** The war status of a conflict: who says what now, statement beside statement, nothing averaged. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import type { ClaimAssessed, ClaimMade } from '../domain/claim.ts';
import { Quantity } from '../domain/quantity.ts';
import { type Verification, verificationOf } from '../domain/verification.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { type Handlers, handleEach, type Projection } from './projection.ts';
import { AsOf, readAsOf } from './vintage.ts';

const Verified = Type.String({ description: 'Derived status; see `verification.policy`.' });
const MomentOrNull = Type.Union([Type.String(), Type.Null()]);

const Stance = Type.Object({
  party_id: Type.String(),
  counterpart_id: Type.String(),
  stance: Type.String(),
  stated_by: Type.String(),
  asserted_at: MomentOrNull,
  reason: Type.Optional(Type.String()),
  event_id: Type.String(),
});
const Operation = Type.Object({
  operation_id: Type.String(),
  actor_id: Type.String(),
  state: Type.String(),
  goal: Type.String(),
  stated_by: Type.String(),
  asserted_at: MomentOrNull,
  event_id: Type.String(),
});
const ControlStatement = Type.Object({
  claimant_id: Type.String(),
  controller_id: Type.Union([Type.String(), Type.Null()]),
  status: Type.String(),
  basis: Type.String(),
  verification: Verified,
  asserted_at: MomentOrNull,
  claim_id: Type.String(),
});
const Withdrawal = Type.Object({
  actor_id: Type.String(),
  from: Type.Array(Type.String()),
  occurred: Type.Unknown(),
  stated_purpose: Type.Union([Type.String(), Type.Null()]),
  stated_by: Type.String(),
  event_id: Type.String(),
});
const Area = Type.Object({
  claimant_id: Type.String(),
  controller_id: Type.String(),
  quantity: Quantity,
  verification: Verified,
  asserted_at: MomentOrNull,
  claim_id: Type.String(),
});
const CasualtyStatement = Type.Object({
  claimant_id: Type.String(),
  quantity: Quantity,
  measure: Type.String(),
  period: Type.Unknown(),
  verification: Verified,
  assessments: Type.Array(Type.Object({ assessor_id: Type.String(), verdict: Type.String() })),
  claim_ids: Type.Array(Type.String()),
});

/** GET /v1/conflicts/{id}/status. */
export const WarStatus = Type.Object({
  conflict_id: Type.String(),
  as_of: AsOf,
  negotiations: Type.Array(
    Type.Object({ negotiation_id: Type.String(), stances: Type.Array(Stance) }),
  ),
  operations: Type.Array(Operation),
  control: Type.Array(
    Type.Object({
      place_id: Type.String(),
      statements: Type.Array(ControlStatement),
      agreement: Type.String({ enum: ['uncontested', 'contested'] }),
    }),
  ),
  withdrawals: Type.Array(Withdrawal),
  areas: Type.Array(Area),
  casualties: Type.Array(
    Type.Object({
      side_id: Type.String(),
      category: Type.String(),
      outcome: Type.String(),
      by_claimant: Type.Array(CasualtyStatement),
    }),
  ),
  claims: Type.Object({
    total: Type.Integer(),
    by_verification: Type.Record(Type.String(), Type.Integer()),
    by_lifecycle: Type.Record(Type.String(), Type.Integer()),
  }),
});
export type WarStatus = Static<typeof WarStatus>;

const table = 'war_status_v1';

/**
 * A statement. Of those with one `slot` (same subject, same speaker) the status shows the latest
 * asserted; the others stay, so that a retraction can bring the one before back.
 */
type Row = {
  kind: 'conflict' | 'stance' | 'operation' | 'withdrawal' | 'claim';
  key: string;
  conflict_id: string;
  slot: string;
  asserted_at: string;
  position: number;
  verification: Verification['status'] | null;
  body: unknown;
};
type ClaimBody = { made: ClaimMade; assessments: ClaimAssessed[] };
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

// Ids hold no space.
function slotOf(...parts: string[]): string {
  return parts.join(' ');
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

function assemble(
  conflict_id: string,
  as_of: AsOf,
  rows: readonly Row[],
  counts: readonly { verification: string; count: number }[],
): WarStatus {
  const of = (kind: Row['kind']) => rows.filter((row) => row.kind === kind);
  const claims = of('claim').map(({ body, verification }) => {
    const { made, assessments } = body as ClaimBody;
    return { made, assessments, said: statementOf(made, verification as string) };
  });
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  return {
    conflict_id,
    as_of,
    negotiations: groupBy(of('stance'), ({ body }) => (body as StanceBody).negotiation_id).map(
      ([negotiation_id, group]) => ({ negotiation_id, stances: group.map(stanceOf) }),
    ),
    operations: of('operation').map(operationOf),
    control: controlOf(claims),
    withdrawals: of('withdrawal').map(withdrawalOf),
    areas: claims.flatMap(({ made: { proposition }, said }) => {
      if (proposition.kind === 'area_control') {
        return {
          ...said,
          controller_id: proposition.controller_id,
          quantity: proposition.quantity,
        };
      }
      if (proposition.kind === 'settlements_taken') {
        return { ...said, controller_id: proposition.by_id, quantity: proposition.quantity };
      }
      return [];
    }),
    casualties: casualtiesOf(claims),
    claims: {
      total,
      by_verification: Object.fromEntries(counts.map((one) => [one.verification, one.count])),
      by_lifecycle: { active: total },
    },
  };
}

type StanceBody = Parameters<(typeof handlers)['NegotiationRejected']>[0]['data'];
type OperationBody = Parameters<(typeof handlers)['OperationGoalReaffirmed']>[0]['data'];
type WithdrawalBody = Parameters<(typeof handlers)['TroopsWithdrew']>[0]['data'];
type Claim = {
  made: ClaimMade;
  assessments: ClaimAssessed[];
  said: ReturnType<typeof statementOf>;
};

function stanceOf({ key, body }: Row) {
  const { party_id, counterpart_id, stance, stated_reason, attribution, asserted_at } =
    body as StanceBody;
  return {
    party_id,
    counterpart_id,
    stance,
    stated_by: attribution.claimant_id,
    asserted_at: asserted_at ?? null,
    ...(stated_reason !== undefined && { reason: stated_reason }),
    event_id: key,
  };
}

function operationOf({ key, body }: Row) {
  const { operation_id, actor_id, goal, attribution, asserted_at } = body as OperationBody;
  return {
    operation_id,
    actor_id,
    state: 'ongoing',
    goal,
    stated_by: attribution.claimant_id,
    asserted_at: asserted_at ?? null,
    event_id: key,
  };
}

function withdrawalOf({ key, body }: Row) {
  const { actor_id, from, occurred, stated_purpose, attribution } = body as WithdrawalBody;
  return {
    actor_id,
    from,
    occurred: occurred ?? null,
    stated_purpose: stated_purpose ?? null,
    stated_by: attribution.claimant_id,
    event_id: key,
  };
}

function statementOf(made: ClaimMade, verification: string) {
  return {
    claimant_id: made.attribution.claimant_id,
    verification,
    asserted_at: made.asserted_at ?? null,
    claim_id: made.claim_id,
  };
}

function controlOf(claims: readonly Claim[]): WarStatus['control'] {
  const statements = claims.flatMap(({ made: { proposition, places = [] }, said }) => {
    if (proposition.kind !== 'control') return [];
    const { controller_id, status, basis } = proposition;
    const statement = { ...said, controller_id, status, basis };
    return places.map(({ place_id }) => ({ place_id, statement }));
  });
  return groupBy(statements, ({ place_id }) => place_id).map(([place_id, group]) => {
    const said = group.map(({ statement }) => statement);
    const answers = new Set(said.map((one) => slotOf(String(one.controller_id), one.status)));
    return {
      place_id,
      statements: said,
      agreement: answers.size === 1 ? 'uncontested' : 'contested',
    };
  });
}

function casualtiesOf(claims: readonly Claim[]): WarStatus['casualties'] {
  const statements = claims.flatMap(({ made: { proposition }, assessments, said }) => {
    if (proposition.kind !== 'casualties') return [];
    const { side_id, category, outcome, quantity } = proposition;
    const statement = {
      claimant_id: said.claimant_id,
      quantity,
      measure: quantity.measure,
      period: quantity.period ?? null,
      verification: said.verification,
      assessments: assessments.map(({ assessor_id, verdict }) => ({ assessor_id, verdict })),
      claim_ids: [said.claim_id],
    };
    return [{ side_id, category, outcome, statement }];
  });
  const subject = (one: (typeof statements)[number]) =>
    slotOf(one.side_id, one.category, one.outcome);
  return groupBy(statements, subject).map(([, group]) => {
    const { side_id, category, outcome } = group[0] as (typeof statements)[number];
    return { side_id, category, outcome, by_claimant: group.map(({ statement }) => statement) };
  });
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, key)];
}
