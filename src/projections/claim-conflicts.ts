/**
 * Groups of claims that disagree, side by side. They are looked for where two claims were found to
 * be about one fact, and where two were linked as contradicting; nothing else is compared.
 */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import {
  conflictGroupsOfKey,
  type Disagreement,
  disagreements,
} from '../domain/claim-conflicts.ts';
import { connectedBy } from '../domain/groups.ts';
import { stands } from '../domain/lifecycle.ts';
import { bySaidAt } from '../domain/recorded.ts';
import { code } from '../domain/vocabulary.ts';
import { actorsOf } from './claim-columns.ts';
import { type Fact, factsMax, findFacts, relation, within } from './claim-facts.ts';
import { Claim, claimOf } from './claim-shape.ts';
import type { KnownClaim } from './claim-tables.ts';
import { claims } from './claims.ts';
import { knownClaim, type ToldClaim, tellingClaim } from './known-claims.ts';
import { linkedWith, readJoined } from './linked-claims.ts';
import { markedBy } from './moments.ts';
import { heldAt } from './rows.ts';
import { readPartOf } from './sides.ts';
import type { At } from './vintage.ts';

/** Claims read for a page, but for those of its first fact, which are read whole. */
const pageClaimsMax = 2_000;
/** Claims shown of a group: the last said. */
const groupClaimsMax = 50;

/** Claims that disagree, directly or through others. */
export const ClaimConflict = Type.Object({
  reason: code(...(Object.keys(disagreements) as [Disagreement])),
  description: Type.String(),
  position: Type.Integer({ description: 'Of the event that brought two of them together.' }),
  claimant_ids: Type.Array(Type.String()),
  claims_total: Type.Integer({ minimum: 2 }),
  claims: Type.Array(Claim, { description: `The last ${groupClaimsMax} said, in that order.` }),
});
export type ClaimConflict = Static<typeof ClaimConflict>;

export type ConflictQuery = {
  readonly conflict: string;
  /** Of a group, one claim at least is so. */
  readonly kind?: string;
  readonly place?: string;
  readonly claimant?: string;
  readonly limit: number;
  readonly after?: ConflictCursor | undefined;
};
/** A page begins with the facts found up to `since`, the first `skip` groups of that left out. */
export type ConflictCursor = { readonly since: number; readonly skip: number };

/**
 * A page of the groups, from the fact found last to the one found first. It may hold fewer than
 * `limit`, also none, and yet have a `next`: so much and no more is read for one.
 */
export async function listClaimConflicts(
  db: Db,
  at: At,
  query: ConflictQuery,
): Promise<{ items: ClaimConflict[]; next: string | null }> {
  const items: ClaimConflict[] = [];
  let from = query.after ?? { since: at.as_of.position, skip: 0 };
  for (let claimsLeft = pageClaimsMax; ; ) {
    const found = await findFacts(db, at, { ...query, through: from.since });
    const facts = within(claimsLeft, found, claimsLeft === pageClaimsMax);
    const groups = await groupsOf(db, at, facts);
    for (const [i, fact] of facts.entries()) {
      const ofFact = (groups[i] as Group[]).filter((group) => matches(group, query));
      const skip = fact.since === from.since ? from.skip : 0;
      for (const [n, group] of ofFact.entries()) {
        if (n < skip) continue;
        if (items.length === query.limit) return { items, next: `${fact.since}~${n}` };
        items.push(conflictOf(group, fact));
      }
      claimsLeft -= fact.claims;
    }
    if (facts.length === found.length && found.length < factsMax) return { items, next: null };
    from = { since: (facts.at(-1)?.since ?? from.since + 1) - 1, skip: 0 };
    if (facts.length < found.length || claimsLeft <= 0) return { items, next: `${from.since}~0` };
  }
}

/** Where the text of a cursor begins; undefined if it is none. */
export function conflictAfter(text: string): ConflictCursor | undefined {
  const [since, skip, ...others] = text.split('~').map(markedBy);
  if (since === undefined || skip === undefined || others.length > 0) return undefined;
  return since >= 0 && skip >= 0 ? { since, skip } : undefined;
}

type Group = { readonly reason: Disagreement; readonly claims: readonly KnownClaim[] };

async function groupsOf(db: Db, at: At, facts: readonly Fact[]): Promise<Group[][]> {
  const keys = facts.filter(({ linked }) => linked === null).map(({ key }) => key);
  const members = await readMembers(db, at, keys);
  const partOf = await readPartOf(
    db,
    at,
    members.flatMap(({ claim }) => actorsOf(claim.state.current.proposition)),
  );
  const byKey = Map.groupBy(members, ({ conflict_key }) => conflict_key);
  const linkedGroupOf = await readLinkedGroups(db, at, facts);
  return facts.map((fact) => {
    if (fact.linked !== null) return linkedGroupOf(fact.linked, fact.since);
    const ofKey = new Map((byKey.get(fact.key) ?? []).map(({ claim }) => [idOf(claim), claim]));
    const states = [...ofKey.values()].map(({ state }) => state);
    const groups = conflictGroupsOfKey(fact.key, states, partOf).map(({ reason, claim_ids }) => ({
      reason,
      claims: claim_ids.map((id) => ofKey.get(id) as KnownClaim),
    }));
    return groups.toSorted((a, b) => (firstOf(a) < firstOf(b) ? -1 : 1));
  });
}

// Claims that links join are one group, though it has many links: shown where its last one is.
async function readLinkedGroups(db: Db, at: At, facts: readonly Fact[]) {
  const pairs = facts.flatMap(({ linked }) => linked ?? []);
  const joined = await readJoined(db, at, pairs, relation, ({ state }) => stands(state));
  const linkedTo = (body: KnownClaim) => linkedWith(body, relation).filter((id) => joined.has(id));
  const groups = connectedBy([...joined.values()], (body) => [idOf(body), ...linkedTo(body)]);
  const groupOf = new Map(groups.flatMap((group) => group.map((body) => [idOf(body), group])));
  const keys = [...joined.values()].flatMap((body) =>
    linkedTo(body).map((id) => `${idOf(body)} ${relation} ${id}`),
  );
  const { rows } = await sql<{ claim_id: string; since: number }>`
    select claim_id, since from ${sql.table(at.table(claims, 'links'))} l
    where key = any (${keys}::text[]) and l.relation is not null
      and ${heldAt(at.as_of.position, 'l')}`.execute(db);
  const lastOf = new Map<unknown, number>();
  for (const { claim_id, since } of rows) {
    const group = groupOf.get(claim_id);
    lastOf.set(group, Math.max(since, lastOf.get(group) ?? 0));
  }
  return ([one, other]: readonly [string, string], since: number): Group[] => {
    const group = groupOf.get(one);
    if (group === undefined || !joined.has(other) || lastOf.get(group) !== since) return [];
    return [{ reason: 'linked-contradicts', claims: group }];
  };
}

function idOf({ state }: KnownClaim): string {
  return state.current.claim_id;
}

function timedOf({ state }: KnownClaim) {
  return { ...state.current, position: state.position };
}

function firstOf({ claims: [first] }: Group): string {
  return idOf(first as KnownClaim);
}

async function readMembers(db: Db, { as_of, table }: At, keys: readonly string[]) {
  if (keys.length === 0) return [];
  const { rows } = await sql<{ conflict_key: string } & ToldClaim>`
    select conflict_key, ${tellingClaim('c')} from ${sql.table(table(claims, 'claims'))} c
    where conflict_key = any (${[...keys]}::text[]) and ${heldAt(as_of.position, 'c')}
    order by key`.execute(db);
  return rows.map((row) => ({ conflict_key: row.conflict_key, claim: knownClaim(row) }));
}

function matches({ claims }: Group, { kind, place, claimant }: ConflictQuery): boolean {
  const some = (is: (claim: KnownClaim['state']['current']) => boolean) =>
    claims.some(({ state }) => is(state.current));
  return (
    (kind === undefined || some(({ proposition }) => proposition.kind === kind)) &&
    (claimant === undefined || some(({ attribution }) => attribution.claimant_id === claimant)) &&
    (place === undefined ||
      some(({ places = [] }) => places.some(({ place_id }) => place_id === place)))
  );
}

function conflictOf({ reason, claims }: Group, { since }: Fact): ClaimConflict {
  const said = claims.toSorted((a, b) => bySaidAt(timedOf(a), timedOf(b)));
  const claimants = claims.map(({ state }) => state.current.attribution.claimant_id);
  return {
    reason,
    description: disagreements[reason],
    position: since,
    claimant_ids: [...new Set(claimants)].sort(),
    claims_total: claims.length,
    claims: said.slice(-groupClaimsMax).map(claimOf),
  };
}
