/**
 * The war status of a conflict: who says what, statement beside statement, nothing averaged.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { ClaimSubject } from '../domain/claim-subject.ts';
import { prepared } from '../pooled-client.ts';
import type { TotalsBody } from './claim-tables.ts';
import { totalsIn } from './claim-totals.ts';
import { claims } from './claims.ts';
import { type CountedClaim, listCounted } from './counted-claims.ts';
import { listNegotiations, negotiations } from './negotiations.ts';
import { lastMovements, listOperations, type Movement, operations } from './operations.ts';
import type { Projection } from './projection.ts';
import { findConflict, readPartOf } from './sides.ts';
import { type Casualties, listCasualties, type SumMemo } from './status-casualties.ts';
import type { At } from './vintage.ts';
import {
  areasOf,
  combinedControl,
  controlByPlace,
  equipmentLossesOf,
} from './war-status-statements.ts';
import { type WarStatus, withdrawalsMax } from './war-status-view.ts';

/** What the war status is read from. */
export const warStatusSources: readonly Projection[] = [claims, negotiations, operations];

/** Finds the status of a conflict, undefined if it is not registered. Sums are remembered. */
export function warStatusOf(db: Db) {
  const memo: SumMemo = new Map();
  return async (at: At, conflictId: string): Promise<WarStatus | undefined> => {
    if ((await findConflict(db, at, conflictId)) === undefined) return undefined;
    const counted = await listCounted(db, at, { conflict: conflictId });
    const control = ofKind(counted, 'control');
    const partOf = await readPartOf(db, at, control.flatMap(controllersOf));
    const validAt = at.as_of.valid_at ?? undefined;
    const withdrawals = await lastMovements(db, at, {
      ...{ conflict: conflictId, type: 'TroopsWithdrew', limit: withdrawalsMax },
    });
    return {
      conflict_id: conflictId,
      as_of: at.as_of,
      negotiations: await readNegotiations(db, at, conflictId),
      operations: await readOperations(db, at, conflictId),
      control: controlByPlace(control, { partOf, validAt }),
      combined_control: combinedControl(control, validAt),
      withdrawals: withdrawals.last.map(withdrawalOf),
      withdrawals_total: withdrawals.total,
      areas: areasOf(ofKind(counted, 'area_control', 'settlements_taken')),
      equipment_losses: equipmentLossesOf(ofKind(counted, 'equipment_losses')),
      casualties: bySubject(await listCasualties(db, at, conflictId, memo)),
      claims: await countClaims(db, at, conflictId),
    };
  };
}

type OfKind<K extends ClaimSubject['kind']> = CountedClaim<Extract<ClaimSubject, { kind: K }>>;

function ofKind<K extends ClaimSubject['kind']>(counted: readonly CountedClaim[], ...kinds: K[]) {
  return counted.filter(({ subject }) => (kinds as string[]).includes(subject.kind)) as OfKind<K>[];
}

async function readNegotiations(db: Db, at: At, conflictId: string) {
  const found = await listNegotiations(db, at, conflictId);
  return found.map(({ negotiation_id, stances }) => ({
    negotiation_id,
    stances: stances.map(({ position: _position, ...stance }) => stance),
  }));
}

async function readOperations(db: Db, at: At, conflictId: string) {
  const found = await listOperations(db, at, conflictId);
  return found.map(({ said: _order, conflict_id: _conflict, ...operation }) => operation);
}

function withdrawalOf(movement: Movement<'TroopsWithdrew'>) {
  const { actor_id, from, occurred, stated_purpose, attribution, event_id } = movement;
  return {
    actor_id,
    from,
    occurred: occurred ?? null,
    stated_purpose: stated_purpose ?? null,
    stated_by: attribution.claimant_id,
    event_id,
  };
}

function controllersOf({ state }: CountedClaim): string[] {
  const { proposition } = state.current;
  if (proposition.kind !== 'control' || proposition.controller_id === null) return [];
  return [proposition.controller_id];
}

function bySubject(casualties: readonly Casualties[]): WarStatus['casualties'] {
  const groups = Map.groupBy(casualties, ({ subject: { side_id, category, outcome } }) => {
    return [side_id, category, outcome].join(' ');
  });
  return [...groups.values()].map((group) => {
    const { side_id, category, outcome } = (group[0] as Casualties).subject;
    return { side_id, category, outcome, by_claimant: group.map(({ statement }) => statement) };
  });
}

async function countClaims(db: Db, { as_of, table }: At, conflictId: string) {
  const { rows } = await sql<{ body: TotalsBody }>`${prepared}
    select body from ${sql.table(table(claims, 'totals'))} t
    where key = ${conflictId} and since <= ${as_of.position}
    order by since desc limit 1`.execute(db);
  return totalsIn(rows[0]?.body);
}
