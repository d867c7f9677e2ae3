/** Casualties as the war status shows them: per claimant, added up where that may be. */
import type { Db } from '../db.ts';
import { tallyOf } from '../domain/casualties.ts';
import type { CasualtySubject } from '../domain/casualty-subject.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import { stands } from '../domain/lifecycle.ts';
import type { Quantity } from '../domain/quantity.ts';
import { bySaidAt } from '../domain/recorded.ts';
import { checkedOf } from './checked.ts';
import type { KnownClaim } from './claim-tables.ts';
import { claims } from './claims.ts';
import { listSums, listTotals, readMembers } from './counted-claims.ts';
import { linkedWith, readSameOccurrence } from './linked-claims.ts';
import type { At } from './vintage.ts';
import { type CasualtyStatement, claimIdsMax, notAddedMax } from './war-status-view.ts';

/** What one claimant says of one subject. */
export type Casualties = {
  readonly subject: CasualtySubject;
  readonly statement: CasualtyStatement;
};
/** Statements that were added up, by where their claims were read and when they last changed. */
export type SumMemo = Map<string, CasualtyStatement | null>;

/** Sums that are remembered: those asked for last. */
const sumsMax = 1_000;

/** The statements about casualties in a conflict; a subject of which nothing counts has none. */
export async function listCasualties(
  db: Db,
  at: At,
  conflictId: string,
  memo: SumMemo,
): Promise<Casualties[]> {
  return [
    ...(await listTotalled(db, at, conflictId)),
    ...(await listAddedUp(db, at, conflictId, memo)),
  ];
}

// The latest tell which one counts, unless what is one occurrence matters, or none of them stands.
async function listTotalled(db: Db, at: At, conflictId: string): Promise<Casualties[]> {
  const totals = await listTotals(db, at, conflictId, notAddedMax);
  const unclear = totals.filter(({ latest }) => {
    const isFull = latest.length === notAddedMax;
    return latest.some(isOneOccurrence) || (isFull && !latest.some(({ state }) => stands(state)));
  });
  const members = await readMembers(
    db,
    at,
    unclear.map(({ key }) => key),
  );
  const shown: Casualties[] = [];
  for (const { key, subject, latest } of totals) {
    const all = members.get(key);
    const statement =
      all === undefined
        ? statementOf(subject, latest, [])
        : statementOf(subject, all, await readSameOccurrence(db, at, all));
    if (statement !== null) shown.push({ subject, statement });
  }
  return shown;
}

async function listAddedUp(
  db: Db,
  at: At,
  conflictId: string,
  memo: SumMemo,
): Promise<Casualties[]> {
  const table = at.table(claims, 'slots');
  const sums = (await listSums(db, at, conflictId)).map((slot) => {
    return { ...slot, id: `${table} ${slot.key} ${slot.since}` };
  });
  const changed = sums.filter(({ id }) => !memo.has(id)).map(({ key }) => key);
  const members = await readMembers(db, at, changed);
  const shown: Casualties[] = [];
  for (const { id, key, subject } of sums) {
    const all = members.get(key) ?? [];
    const remembered = memo.get(id);
    const statement =
      remembered === undefined
        ? statementOf(subject, all, await readSameOccurrence(db, at, all))
        : remembered;
    // What makes claims one occurrence may be links between others.
    if (!all.some(isOneOccurrence)) remember(memo, id, statement);
    if (statement !== null) shown.push({ subject, statement });
  }
  return shown;
}

function remember(memo: SumMemo, id: string, statement: CasualtyStatement | null): void {
  memo.delete(id);
  memo.set(id, statement);
  for (const oldest of memo.keys()) {
    if (memo.size <= sumsMax) break;
    memo.delete(oldest);
  }
}

function isOneOccurrence(body: KnownClaim): boolean {
  return linkedWith(body, 'same_occurrence').length > 0;
}

function statementOf(
  subject: CasualtySubject,
  members: readonly KnownClaim[],
  others: readonly ClaimState[],
): CasualtyStatement | null {
  const states = members.map(({ state }) => state);
  const tally = tallyOf(subject, states, others);
  const ids = new Set(tally.claim_ids);
  const counted = members.filter(({ state }) => ids.has(state.current.claim_id));
  const [first, ...more] = counted;
  if (first === undefined) return null;
  const { quantity } = first.state.current.proposition as { quantity: Quantity };
  const left = new Map(tally.not_added.map((one) => [one.claim_id, one]));
  const lastLeft = members.filter(({ state }) => left.has(state.current.claim_id)).toSorted(bySaid);
  const not_added = lastLeft
    .slice(-notAddedMax)
    .flatMap(({ state }) => left.get(state.current.claim_id) ?? []);
  return {
    claimant_id: subject.claimant_id,
    quantity: more.length === 0 ? quantity : tally.quantity,
    measure: subject.measure,
    since: subject.since,
    places: [...(subject.places ?? [])],
    period: tally.period,
    ...checkedOf(counted),
    claims_total: tally.claim_ids.length,
    claim_ids: tally.claim_ids.slice(-claimIdsMax),
    ...(not_added.length > 0 && { not_added }),
  };
}

function bySaid(a: KnownClaim, b: KnownClaim): number {
  const timed = ({ state: { current, position } }: KnownClaim) => ({ ...current, position });
  return bySaidAt(timed(a), timed(b));
}
