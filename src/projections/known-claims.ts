/** Claims as they are read from their rows and the log. */
import { type RawBuilder, sql } from 'kysely';
import { type Verification, verificationOf } from '../domain/verification.ts';
import { type ClaimBody, claimRecalled, type KnownClaim } from './claim-tables.ts';
import { recall, type ToldRow, tellingOf } from './recalled.ts';

/** A row of what `tellingClaim` selects. */
export type ToldClaim = ToldRow & { readonly body: ClaimBody };

/** What to select of `alias`, a row of the table of claims, for `knownClaim`. */
export function tellingClaim(alias: string): RawBuilder<unknown> {
  return sql`${sql.ref(`${alias}.body`)}, ${sql.raw(tellingOf(claimRecalled, alias))}`;
}

/** The claim of such a row. */
export function knownClaim(row: ToldClaim): KnownClaim {
  const { state } = recall(claimRecalled, row);
  const { is_adverse = false, linked_by = [] } = row.body;
  return { state, verification: verificationIn(row.body), is_adverse, linked_by };
}

/** The verification that a body tells of. */
export function verificationIn(body: ClaimBody): Verification {
  return verificationOf(body.since_made?.assessments ?? [], {
    isContradicted: body.is_contradicted ?? false,
    isAdverse: body.is_adverse ?? false,
    independentOrigins: body.independent_origins ?? 1,
  });
}
