/**
 * Claims as they stand: each with its verification, what it is a statement of, and how many there
 * are of each status. Views read the claims that count by their slots, never all claims.
 */
import { Equal } from 'typebox/value';
import type { ClaimEvent } from '../domain/claim.ts';
import { afterClaimEvent, type ClaimState, type Link } from '../domain/claim-state.ts';
import { stands } from '../domain/lifecycle.ts';
import { circumstancesOf, verificationOf } from '../domain/verification.ts';
import { isAdverseNow, mayTurnAdverse } from './claim-adverse.ts';
import { actorsOf, factKeyOf, rowOf, slotKeyOf } from './claim-columns.ts';
import { followDisputes } from './claim-disputes.ts';
import { followSlots } from './claim-slots.ts';
import {
  bodyOf,
  type ClaimRow,
  claimTables,
  type DisputeBody,
  type SideBody,
} from './claim-tables.ts';
import { countClaim } from './claim-totals.ts';
import { verificationIn } from './known-claims.ts';
import {
  type EventFact,
  type Fact,
  type Handlers,
  type Loaded,
  type Projection,
  projectBy,
  type Want,
} from './projection.ts';
import type { Rows } from './rows.ts';

type Tables = Readonly<Record<keyof typeof claimTables, Rows>>;
type ClaimFact = EventFact<ClaimEvent['type']>;
const none: readonly Link[] = [];
type LinkFact = EventFact<'ClaimLinked'> | EventFact<'ClaimUnlinked'>;

const handlers: Handlers<'ConflictRegistered' | 'ActorRegistered' | ClaimFact['type'], Tables> = {
  ConflictRegistered: ({ stream, data: { parties = [] } }, { sides }) => {
    sides.add(stream, { body: { parties } satisfies SideBody });
  },
  ActorRegistered: ({ stream, data: { part_of } }, { sides }) => {
    sides.add(stream, { body: { ...(part_of !== undefined && { part_of }) } satisfies SideBody });
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
  version: 5,
  types: Object.keys(handlers),
  tables: claimTables,
  hint,
  project: projectBy(handlers),
};

/** Groups within groups that are looked ahead for; those beyond are loaded when they are missed. */
const groupsAheadMax = 4;

function hint(event: Fact, want: Want, loaded: Loaded): void {
  if (event.type === 'ConflictRegistered' || event.type === 'ActorRegistered') return;
  if (event.type === 'ClaimMade') {
    hintMade(event as EventFact<'ClaimMade'>, want, loaded);
    return;
  }
  const { claim_id, conflict_id, other_claim_id } = event.data as LinkFact['data'];
  want('totals', conflict_id);
  const wantWithLinked = (id: string): string[] => {
    want('claims', id);
    const row = loaded('claims', id) as ClaimRow | undefined;
    const linked = row === undefined ? [] : linkedWith(row.state, linksTo(row));
    for (const other of linked) want('claims', other);
    return linked;
  };
  const others = wantWithLinked(claim_id);
  if (other_claim_id !== undefined) others.push(...wantWithLinked(other_claim_id));
  // An assessment of a claim says nothing of the others.
  if (event.type !== 'ClaimAssessed') for (const id of others) wantWithLinked(id);
}

function hintMade({ data }: EventFact<'ClaimMade'>, want: Want, loaded: Loaded): void {
  const { conflict_id, attribution, proposition } = data;
  want('totals', conflict_id);
  const [slot, fact] = [slotKeyOf(data), factKeyOf(data)];
  if (slot !== null) want('slots', slot);
  if (fact !== null) {
    want('disputes', fact);
    const dispute = loaded('disputes', fact);
    if (dispute?.conflict_id === null) want('claims', (dispute.body as DisputeBody).first);
  }
  const wantSide = (key: string) => {
    want('sides', key);
    return loaded('sides', key)?.body as SideBody | undefined;
  };
  const wantActor = (id: string) => {
    let at: string | undefined = id;
    for (let groups = 0; at !== undefined && groups <= groupsAheadMax; groups += 1) {
      at = wantSide(`actor-${at}`)?.part_of;
    }
  };
  wantActor(attribution.claimant_id);
  for (const id of actorsOf(proposition)) wantActor(id);
  for (const id of wantSide(`conflict-${conflict_id}`)?.parties ?? []) wantActor(id);
}

function followClaim(event: ClaimFact, rows: Tables): void {
  const before = event.type === 'ClaimMade' ? undefined : findRow(rows, event.data.claim_id);
  const state = afterClaimEvent(before?.state, event as never);
  const links = linksTo(before);
  const isAdverse = mayTurnAdverse(event) ? isAdverseNow(rows, state) : wasAdverse(before);
  keep(rows, before, state, isAdverse, links);
  if (before === undefined || !concernsOthers(before.state, state)) return;
  for (const id of linkedWith(before.state, links)) {
    const other = findRow(rows, id);
    if (other !== undefined) keep(rows, other, other.state, wasAdverse(other), linksTo(other));
  }
}

// Their verification asks whether it stands, and where it comes from.
function concernsOthers(before: ClaimState, after: ClaimState): boolean {
  return (
    before.current !== after.current ||
    before.repetitions !== after.repetitions ||
    stands(before) !== stands(after)
  );
}

function followLink(event: LinkFact, rows: Tables): void {
  followClaim(event, rows);
  const { conflict_id, claim_id, relation, other_claim_id } = event.data;
  const isLinked = event.type === 'ClaimLinked';
  rows.links.put(`${claim_id} ${relation} ${other_claim_id}`, {
    ...{ conflict_id, relation: isLinked ? relation : null, claim_id, other_claim_id },
    body: {},
  });
  const other = findRow(rows, other_claim_id);
  if (other === undefined) return;
  const others = linksTo(other).filter((link) => {
    return link.claim_id !== claim_id || link.relation !== relation;
  });
  const links = isLinked ? [...others, { relation, claim_id }] : others;
  keep(rows, other, other.state, wasAdverse(other), links);
}

// With the verification that follows, and what depends on it.
function keep(
  rows: Tables,
  before: ClaimRow | undefined,
  state: ClaimState,
  isAdverse: boolean,
  links: readonly Link[],
): void {
  const others = linkedWith(state, links).flatMap((id) => findRow(rows, id)?.state ?? []);
  const circumstances = circumstancesOf(state, others, isAdverse);
  const verification = verificationOf(state.assessments, circumstances);
  if (before?.state === state && linksTo(before) === links) {
    if (Equal(verificationIn(before.body), verification)) return;
  }
  const after = rowOf(state, verification, bodyOf(state, links, circumstances), before);
  if (before === undefined) rows.claims.add(state.current.claim_id, after);
  else rows.claims.put(state.current.claim_id, after);
  countClaim(rows, before, after);
  followSlots(rows, before, after);
  followDisputes(rows, before, after);
}

function findRow({ claims }: Tables, id: string): ClaimRow | undefined {
  return claims.get(id) as ClaimRow | undefined;
}

// Those that others made; its own are its state.
function linksTo(row: ClaimRow | undefined): readonly Link[] {
  return row?.body.linked_by ?? none;
}

function wasAdverse(row: ClaimRow | undefined): boolean {
  return row?.body.is_adverse ?? false;
}

function linkedWith({ links }: ClaimState, linkedBy: readonly Link[]): string[] {
  if (links.length + linkedBy.length === 0) return [];
  return [...new Set([...links, ...linkedBy].map(({ claim_id }) => claim_id))];
}
