/** Claims that links join, directly or through others. */
import type { Db } from '../db.ts';
import type { ClaimState, Link } from '../domain/claim-state.ts';
import { readClaims } from './claim-list.ts';
import type { KnownClaim } from './claim-tables.ts';
import type { At } from './vintage.ts';

type Relation = Link['relation'];

/**
 * The claims that links of `relation` lead to from these ids, through those that `mayPass`; the
 * ids' own among them, by id.
 */
export async function readJoined(
  db: Db,
  at: At,
  ids: Iterable<string>,
  relation: Relation,
  mayPass: (claim: KnownClaim) => boolean = () => true,
): Promise<Map<string, KnownClaim>> {
  const found = new Map<string, KnownClaim>();
  const asked = new Set<string>();
  for (let next = [...new Set(ids)]; next.length > 0; ) {
    for (const id of next) asked.add(id);
    const passed = (await readClaims(db, at, next)).filter(mayPass);
    for (const body of passed) found.set(body.state.current.claim_id, body);
    next = [...new Set(passed.flatMap((body) => linkedWith(body, relation)))].filter(
      (id) => !asked.has(id),
    );
  }
  return found;
}

/** What links join with these as one occurrence: also claims about something else may tell it. */
export async function readSameOccurrence(
  db: Db,
  at: At,
  members: readonly KnownClaim[],
): Promise<ClaimState[]> {
  const linked = members.flatMap((claim) => linkedWith(claim, 'same_occurrence'));
  const joined = await readJoined(db, at, linked, 'same_occurrence');
  return [...joined.values()].map(({ state }) => state);
}

/** The ids that a claim is linked with by `relation`, from either side. */
export function linkedWith({ state, linked_by }: KnownClaim, relation: Relation): string[] {
  const links = [...state.links, ...linked_by].filter((link) => link.relation === relation);
  return links.map(({ claim_id }) => claim_id);
}
