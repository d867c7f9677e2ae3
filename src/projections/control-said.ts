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
import { isAdverseAdmission } from '../domain/sides.ts';
import { verificationOfClaim } from '../domain/verification.ts';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import type { ClaimBody } from './claim-tables.ts';
import { claims } from './claims.ts';
import { findEverAbout } from './control-claims.ts';
import { readSides } from './sides.ts';
import type { At } from './vintage.ts';

/** Claims read of the log at a time. */
const streamsMax = 500;

/** The claims about control that name the place, in the order in which they were made. */
export async function readSaidBy(
  parts: { readonly db: Db; readonly store: EventStore },
  at: At,
  placeId: string,
  moment: string,
): Promise<ClaimBody[]> {
  const ids = await findEverAbout(parts.db, at, placeId);
  const about = await statesOf(parts.store, at, ids, moment);
  const others = await linkedWith(parts, at, about, moment);
  const bodies = about.map((state) => bodyOf(state, others));
  const kept = bodies.filter(({ state: { current } }) => isAbout(current, placeId));
  return Promise.all(kept.map((body) => verified(parts.db, at, body, others)));
}
