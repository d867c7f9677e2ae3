/**
 * The war status as a view: its schema, and how statements are laid side by side in it.
 * Over 200 lines because a member of the schema and the function that fills it are read together.
 */
import { type Static, Type } from 'typebox';
import type { DataOf } from '../domain/catalogue.ts';
import type { ClaimAssessed, ClaimMade } from '../domain/claim.ts';
import { Quantity } from '../domain/quantity.ts';
import type { Verification } from '../domain/verification.ts';
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

/**
 * A statement. Of those with one `slot` (same subject, same speaker) the status shows the latest
 * asserted; the others stay, so that a retraction can bring the one before back.
 */
export type Row = {
  kind: 'conflict' | 'stance' | 'operation' | 'withdrawal' | 'claim';
  key: string;
  conflict_id: string;
  slot: string;
  asserted_at: string;
  position: number;
  verification: Verification['status'] | null;
  body: unknown;
};
export type ClaimBody = { made: ClaimMade; assessments: ClaimAssessed[] };

/** The status of a conflict from the latest statement of each slot. */
export function assemble(
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

type StanceBody = DataOf<'NegotiationRejected'>;
type OperationBody = DataOf<'OperationGoalReaffirmed'>;
type WithdrawalBody = DataOf<'TroopsWithdrew'>;
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

/** One string for several ids: ids hold no space. */
export function slotOf(...parts: string[]): string {
  return parts.join(' ');
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, key)];
}
