/**
 * Claims as they stand: each with its verification, what it is a statement of, and how many there
 * are of each status. Views read the claims that count by their slots, never all claims.
 */
import { Equal } from 'typebox/value';
import type { ClaimEvent } from '../domain/claim.ts';
import { afterClaimEvent, type ClaimState } from '../domain/claim-state.ts';
import { stands } from '../domain/lifecycle.ts';
import { isAdverseAdmission } from '../domain/sides.ts';
import { verificationOfClaim } from '../domain/verification.ts';
import { columnsOf, keyedSubjectOf } from './claim-columns.ts';
import { followDisputes } from './claim-disputes.ts';
import { followSlots } from './claim-slots.ts';
import { type ClaimBody, claimTables, type SideBody, type TotalsBody } from './claim-tables.ts';
import {
  type EventFact,
  type Fact,
  type Handlers,
  type Projection,
  projectBy,
} from './projection.ts';
import type { Rows } from './rows.ts';

type Tables = Readonly<Record<keyof typeof claimTables, Rows>>;
type ClaimFact = EventFact<ClaimEvent['type']>;
type LinkFact = EventFact<'ClaimLinked'> | EventFact<'ClaimUnlinked'>;

const handlers: Handlers<'ConflictRegistered' | 'ActorRegistered' | ClaimFact['type'], Tables> = {
  ConflictRegistered: ({ stream, data: { parties = [] } }, { sides }) => {
    sides.put(stream, { body: { parties } satisfies SideBody });
  },
  ActorRegistered: ({ stream, data: { part_of } }, { sides }) => {
    sides.put(stream, { body: { ...(part_of !== undefined && { part_of }) } satisfies SideBody });
  },
  ClaimMade: followClaim,
  ClaimRepeated: followClaim,
  ClaimAssessed: followClaim,
  ClaimCorrected: followClaim,
  ClaimRetracted: followClaim,
  ClaimSuperseded: followClaim,
  ClaimLinked: followLink,
  ClaimUnlinked: followLink,
};

/** A row per claim, with what follows from it; see its tables. */
export const claims: Projection = {
  name: 'claims',
  version: 1,
  types: Object.keys(handlers),
  tables: claimTables,
  keysOf,
  project: projectBy(handlers),
};

function keysOf(event: Fact): Record<string, readonly string[]> {
  if (event.type === 'ClaimMade') return keysOfMade(event as EventFact<'ClaimMade'>);
  if (event.type === 'ConflictRegistered' || event.type === 'ActorRegistered') return {};
  const { claim_id, conflict_id, other_claim_id } = event.data as LinkFact['data'];
  const ids = other_claim_id === undefined ? [claim_id] : [claim_id, other_claim_id];
  return { claims: ids, totals: [conflict_id] };
}

function keysOfMade({ data }: EventFact<'ClaimMade'>) {
  const { conflict_id, attribution } = data;
  const keyed = keyedSubjectOf(data);
  return {
    totals: [conflict_id],
    slots: keyed === undefined ? [] : [keyed.key],
    sides: [`conflict-${conflict_id}`, `actor-${attribution.claimant_id}`],
  };
}

function followClaim(event: ClaimFact, rows: Tables): void {
  const { claim_id } = event.data;
  const before = event.type === 'ClaimMade' ? undefined : findClaim(rows, claim_id);
  const state = afterClaimEvent(before?.state, event as never);
  const isReworded = before?.state.current !== state.current;
  const is_adverse = mayBeAdverse(event) ? isAdverse(rows, state) : (before?.is_adverse ?? false);
  keep(rows, before, { state, is_adverse, linked_by: before?.linked_by ?? [] });
  const concernsOthers =
    before !== undefined &&
    (isReworded ||
      before.state.repetitions !== state.repetitions ||
      stands(before.state) !== stands(state));
  if (!concernsOthers) return;
  for (const id of linkedWith(before)) {
    const other = findClaim(rows, id);
    if (other !== undefined) keep(rows, other, other);
  }
}

function followLink(event: LinkFact, rows: Tables): void {
  followClaim(event, rows);
  const { conflict_id, claim_id, relation, other_claim_id } = event.data;
  const isLinked = event.type === 'ClaimLinked';
  rows.links.put(`${claim_id} ${relation} ${other_claim_id}`, {
    ...{ conflict_id, relation: isLinked ? relation : null, claim_id, other_claim_id },
    body: {},
  });
  const other = findClaim(rows, other_claim_id);
  if (other === undefined) return;
  const others = other.linked_by.filter((link) => {
    return link.claim_id !== claim_id || link.relation !== relation;
  });
  const linked_by = isLinked ? [...others, { relation, claim_id }] : others;
  keep(rows, other, { ...other, linked_by });
}

// With the verification that follows, and what depends on it.
function keep(
  rows: Tables,
  before: ClaimBody | undefined,
  { state, is_adverse, linked_by }: Omit<ClaimBody, 'verification'>,
): void {
  const others = linkedWith({ state, linked_by }).flatMap((id) => findClaim(rows, id)?.state ?? []);
  const verification = verificationOfClaim(state, others, is_adverse);
  if (before?.state === state && before.linked_by === linked_by) {
    if (Equal(before.verification, verification)) return;
  }
  const after: ClaimBody = { state, verification, is_adverse, linked_by };
  const columns = columnsOf(state);
  rows.claims.put(state.current.claim_id, {
    ...columns,
    verification: verification.status,
    body: after,
  });
  count(rows, before, after);
  followSlots(rows, before, after);
  followDisputes(rows, after);
}

function count({ totals }: Tables, before: ClaimBody | undefined, after: ClaimBody): void {
  const [was, is] = [before?.verification.status, after.verification.status];
  const [stood, stands] = [before?.state.lifecycle, after.state.lifecycle];
  if (was === is && stood === stands) return;
  const { conflict_id } = after.state.current;
  const none: TotalsBody = { total: 0, by_verification: {}, by_lifecycle: {} };
  const counted = (totals.get(conflict_id)?.body as TotalsBody | undefined) ?? none;
  const body: TotalsBody = {
    total: counted.total + (before === undefined ? 1 : 0),
    by_verification: moved(counted.by_verification, was, is),
    by_lifecycle: moved(counted.by_lifecycle, stood, stands),
  };
  totals.put(conflict_id, { body });
}

function moved(counts: Readonly<Record<string, number>>, from: string | undefined, to: string) {
  if (from === to) return counts;
  const after = { ...counts, [to]: (counts[to] ?? 0) + 1 };
  if (from === undefined) return after;
  const left = (counts[from] ?? 0) - 1;
  if (left > 0) return { ...after, [from]: left };
  const { [from]: _none, ...others } = after;
  return others;
}

function findClaim({ claims }: Tables, id: string): ClaimBody | undefined {
  return claims.get(id)?.body as ClaimBody | undefined;
}

function linkedWith({ state, linked_by }: Pick<ClaimBody, 'state' | 'linked_by'>): string[] {
  if (state.links.length + linked_by.length === 0) return [];
  return [...new Set([...state.links, ...linked_by].map(({ claim_id }) => claim_id))];
}

// A number and where it was found have no side, nor has any time or place.
function mayBeAdverse({ type, data }: ClaimFact): boolean {
  if (type !== 'ClaimCorrected') return type === 'ClaimMade';
  const { field } = data as EventFact<'ClaimCorrected'>['data'];
  return field.startsWith('/proposition') && !field.startsWith('/proposition/quantity');
}

function isAdverse({ sides }: Tables, { current }: ClaimState): boolean {
  const sideOf = (key: string) => sides.get(key)?.body as SideBody | undefined;
  return isAdverseAdmission(current, {
    parties: sideOf(`conflict-${current.conflict_id}`)?.parties ?? [],
    partOf: (id) => sideOf(`actor-${id}`)?.part_of,
  });
}
