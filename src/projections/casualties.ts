/**
 * Casualties as each claimant counts them: one tally for everything that one claimant counts, with
 * what was added to it and what was not, and why. Claimants are never added up.
 */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { type CasualtyTally, tallyOf } from '../domain/casualties.ts';
import { type Period, tallyWithin } from '../domain/casualty-period.ts';
import {
  type CasualtySubject,
  type NotAddedReason,
  notAddedReasons,
} from '../domain/casualty-subject.ts';
import { proposition as casualties } from '../domain/proposition.ts';
import { verificationOfAll } from '../domain/verification.ts';
import { code, PlaceMention } from '../domain/vocabulary.ts';
import { statuses } from './claim-list.ts';
import type { ClaimBody, SubjectBody } from './claim-tables.ts';
import { claims } from './claims.ts';
import { linkedWith, readJoined } from './linked-claims.ts';
import { markedBy } from './moments.ts';
import { heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** Claims read for a page, but for those of its first tally, which are read whole. */
const pageClaimsMax = 5_000;
/** Claims that a tally names as added, and as not added. */
const namedMax = 100;

const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Bound = OrNull(Type.Number());
