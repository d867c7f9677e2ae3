/**
 * The war status as a view: its schema, and how statements are laid side by side in it.
 * Over 200 lines because a member of the schema and the function that fills it are read together.
 */
import { type Static, Type } from 'typebox';
import type { DataOf } from '../domain/catalogue.ts';
import type { ClaimAssessed, ClaimMade } from '../domain/claim.ts';
import type { OperationState } from '../domain/operation-state.ts';
import { Quantity } from '../domain/quantity.ts';
import type { Standing } from './claim-state.ts';
import type { Negotiation } from './negotiations.ts';
import type { Movement } from './operations.ts';
import { AsOf } from './vintage.ts';

const Verified = Type.String({ description: 'Derived status; see `verification.policy`.' });
const MomentOrNull = Type.Union([Type.String(), Type.Null()]);

const Stance = Type.Object({
  party_id: Type.String(),
  counterpart_id: Type.String(),
  stance: Type.String(),
  stated_by: Type.String(),
  asserted_at: MomentOrNull,
  reason: Type.Optional(Type.String()),
  conditions: Type.Optional(Type.String()),
  event_id: Type.String(),
});
const Operation = Type.Object({
  operation_id: Type.String(),
  actor_id: Type.String(),
  state: Type.String(),
  goal: Type.Union([Type.String(), Type.Null()]),
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

/**
 * What is said. Of rows with one `slot` (same subject, same speaker) the status shows the latest
 * asserted; the others stay, so that a retraction brings the one before back.
 */
export type StatusRow =
  | { kind: 'conflict'; body: DataOf<'ConflictRegistered'> }
  | { kind: 'claim'; body: ClaimBody };
export type ClaimBody = {
  /** As it was made, with its corrections; when that was recorded, and where. */
  made: ClaimMade;
  made_at: string;
  position: number;
  standing: Standing;
};
type Count = { verification: string; lifecycle: string; count: number };

type Said = {
  rows: readonly StatusRow[];
  counts: readonly Count[];
  negotiations: readonly Negotiation[];
  operations: readonly OperationState[];
  withdrawals: readonly Movement<'TroopsWithdrew'>[];
};

/** The status of a conflict from the latest statement of each slot. */
export function assemble(
  conflict_id: string,
  as_of: AsOf,
  { rows, counts, negotiations, operations, withdrawals }: Said,
): WarStatus {
  const claims = bodiesOf(rows, 'claim').map(({ made, standing }) => ({
    made,
    assessments: standing.assessments,
    said: statementOf(made, standing.verification),
  }));
  return {
    conflict_id,
    as_of,
    negotiations: negotiations.map(({ negotiation_id, stances }) => ({
      negotiation_id,
      stances: stances.map(({ position: _position, ...stance }) => stance),
    })),
    operations: operations.map(
      ({ said: _order, conflict_id: _conflict, ...operation }) => operation,
    ),
    control: controlOf(claims),
    withdrawals: withdrawals.map(withdrawalOf),
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
      total: counts.reduce((sum, { count }) => sum + count, 0),
      by_verification: sumBy(counts, ({ verification }) => verification),
      by_lifecycle: sumBy(counts, ({ lifecycle }) => lifecycle),
    },
  };
}

type Claim = {
  made: ClaimMade;
  assessments: readonly ClaimAssessed[];
  said: ReturnType<typeof statementOf>;
};

function bodiesOf<K extends StatusRow['kind']>(rows: readonly StatusRow[], kind: K) {
  type Body = Extract<StatusRow, { kind: K }>['body'];
  return rows.filter((row) => row.kind === kind).map(({ body }) => body as Body);
}

function sumBy(counts: readonly Count[], name: (one: Count) => string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counts) sums[name(one)] = (sums[name(one)] ?? 0) + one.count;
  return sums;
}

function withdrawalOf(body: Movement<'TroopsWithdrew'>) {
  const { actor_id, from, occurred, stated_purpose, attribution, event_id } = body;
  return {
    actor_id,
    from,
    occurred: occurred ?? null,
    stated_purpose: stated_purpose ?? null,
    stated_by: attribution.claimant_id,
    event_id,
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

/** One string for several ids: ids hold no space. */
export function slotOf(...parts: string[]): string {
  return parts.join(' ');
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, key)];
}
