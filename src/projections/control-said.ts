/**
 * The claims about the control of a place as far as they had been said by a moment, from the log:
 * what was corrected or retracted later stands there as it was said.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import type { ClaimEvent } from '../domain/claim.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import type { Recorded } from '../domain/recorded.ts';
import { claimSaidBy } from '../domain/said-by.ts';
import { isAdverseAdmission, type Sides } from '../domain/sides.ts';
import { verificationOfClaim } from '../domain/verification.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { actorsOf } from './claim-columns.ts';
import { claims } from './claims.ts';
import { type ControlClaim, findEverAbout } from './control-claims.ts';
import { readSides } from './sides.ts';
import type { At } from './vintage.ts';

/** Streams of the log that are read at a time. */
const streamsMax = 500;

export type LogParts = { readonly db: Db; readonly store: EventStore };

/** The claims about control that name the place, in the order in which they were recorded. */
export async function readSaidBy(
  { db, store }: LogParts,
  at: At,
  placeId: string,
  moment: string,
): Promise<ControlClaim[]> {
  const { position } = at.as_of;
  const statesOf = async (ids: readonly string[]) => {
    const states = await readStates(store, ids, position, moment);
    return states.toSorted((a, b) => a.position - b.position);
  };
  const states = (await statesOf(await findEverAbout(db, at, placeId))).filter(
    ({ current: { proposition, places = [] } }) =>
      proposition.kind === 'control' && places.some(({ place_id }) => place_id === placeId),
  );
  const others = await statesOf(await findEverLinked(db, at, states));
  const sides = await readSidesOf(db, at, states);
  return states.map((state) => {
    const { current } = state;
    const isAdverse = isAdverseAdmission(current, sides.get(current.conflict_id) as Sides);
    return { ...state, verification: verificationOfClaim(state, others, isAdverse) };
  });
}

async function readStates(
  store: EventStore,
  claimIds: readonly string[],
  through: number,
  moment: string,
): Promise<ClaimState[]> {
  const facts = await readFacts(store, claimIds, through);
  // When a claim was superseded is told by its successor, which may be about something else.
  const successors = facts.flatMap((one) =>
    one.type === 'ClaimSuperseded' ? one.data.by_claim_id : [],
  );
  const others = new Set(successors).difference(new Set(claimIds));
  const all = [...facts, ...(await readFacts(store, [...others], through))];
  const made = all.filter((one) => one.type === 'ClaimMade');
  const saidAt = new Map(made.map(({ data }) => [data.claim_id, data.asserted_at]));
  const byClaim = Map.groupBy(facts, ({ data }) => data.claim_id);
  return [...byClaim.values()].flatMap(
    (ofClaim) => claimSaidBy(ofClaim, moment, (id) => saidAt.get(id)) ?? [],
  );
}

async function readFacts(store: EventStore, claimIds: readonly string[], through: number) {
  const facts: Recorded<ClaimEvent>[] = [];
  for (let i = 0; i < claimIds.length; i += streamsMax) {
    const streams = claimIds.slice(i, i + streamsMax).map((id) => `claim-${id}`);
    for (const event of await store.readStreams(streams)) {
      if (event.position <= through) facts.push(upcast(event) as unknown as Recorded<ClaimEvent>);
    }
  }
  return facts;
}

// Also by links that were taken back: then they may still have stood.
async function findEverLinked(db: Db, at: At, states: readonly ClaimState[]): Promise<string[]> {
  const ids = states.map(({ current }) => current.claim_id);
  const { rows } = await sql<{ id: string }>`
    select distinct link ->> 'claim_id' as id from ${sql.table(at.table(claims, 'claims'))} c
    cross join lateral json_array_elements(c.body -> 'linked_by') as link
    where c.key = any (${ids}::text[]) and c.since <= ${at.as_of.position}`.execute(db);
  const linked = states.flatMap(({ links }) => links.map(({ claim_id }) => claim_id));
  return [...new Set([...rows.map(({ id }) => id), ...linked])];
}

async function readSidesOf(db: Db, at: At, states: readonly ClaimState[]) {
  const sides = new Map<string, Sides>();
  for (const [conflictId, ofConflict] of Map.groupBy(states, (one) => one.current.conflict_id)) {
    sides.set(conflictId, await readSides(db, at, conflictId, ofConflict.flatMap(actorsIn)));
  }
  return sides;
}

function actorsIn({ current: { attribution, proposition } }: ClaimState): string[] {
  return [attribution.claimant_id, ...actorsOf(proposition)];
}
