/** Claims as they are read from their rows and the log. */
import { type RawBuilder, sql } from 'kysely';
import { type ClaimBody, claimIn, claimRecalled, type KnownClaim } from './claim-tables.ts';
import { recall, type ToldRow, tellingOf } from './recalled.ts';

/** A row of what `tellingClaim` selects. */
export type ToldClaim = ToldRow & { readonly body: ClaimBody };

/** What to select of `alias`, a row of the table of claims, for `knownClaim`. */
export function tellingClaim(alias: string): RawBuilder<unknown> {
  return sql`${sql.ref(`${alias}.body`)}, ${sql.raw(tellingOf(claimRecalled, alias))}`;
}

/** The claim of such a row. */
export function knownClaim(row: ToldClaim): KnownClaim {
  return claimIn({ ...recall(claimRecalled, row), body: row.body });
}
