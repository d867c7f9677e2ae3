/**
 * Claims as they stand: each with its verification, what it is a statement of, and how many there
 * are of each status. Views read the claims that count by their slots, never all claims.
 */
import type { ClaimEvent } from '../domain/claim.ts';
import { afterClaimEvent, type ClaimState, type Link } from '../domain/claim-state.ts';
import { stands } from '../domain/lifecycle.ts';
import { isAdverseAdmission, type Sides } from '../domain/sides.ts';
import { verificationOfClaim } from '../domain/verification.ts';
import { columnsOf, keyedSubjectOf } from './claim-columns.ts';
import { followSlots } from './claim-slots.ts';
import { type ClaimBody, claimTables, type SideBody, type TotalsBody } from './claim-tables.ts';
import { type EventFact, type Fact, type Handlers, type Projection, projectBy } from './projection.ts';
import type { Rows } from './rows.ts';

type Tables = Readonly<Record<keyof typeof claimTables, Rows>>;
type ClaimFact = EventFact<ClaimEvent['type']>;
type LinkFact = EventFact<'ClaimLinked' | 'ClaimUnlinked'>;

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
  project: projectBy(handlers as never),
};

function keysOf(event: Fact): Record<string, readonly string[]> {
  switch (event.type) {
    case 'ClaimMade': {
      const { conflict_id } = event.data as EventFact<'ClaimMade'>['data'];
      const keyed = keyedSubjectOf(event.data as EventFact<'ClaimMade'>['data'])
      return { totals: [conflict_id], slots: keyed === undefined ? [] : [keyed.key] };
    }
  }
  return {};
}
