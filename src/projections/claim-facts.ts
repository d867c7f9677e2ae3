/**
 * What claims may disagree about: facts that two were found to be about, and links between two.
 * Both come in the order of their index, so that a page reads no more than it shows.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { claims } from './claims.ts';
import { heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** Facts looked at together. */
export const factsMax = 50;
/** Of the links that say so themselves. */
export const relation = 'contradicts';

/** What claims may disagree about: a fact that they have in common, or a link between two. */
export type Fact = {
  readonly since: number;
  readonly key: string;
  readonly linked: readonly [string, string] | null;
  /** How many are to be read for it, as far as is known before. */
  readonly claims: number;
};

/**
 * Those found in a conflict up to a position, the last one first, `factsMax` at most. Of a `kind`
 * where one is given, links apart: they may be between claims of any.
 */
export async function findFacts(
  db: Db,
  at: At,
  { conflict, kind, through }: { conflict: string; kind?: string; through: number },
): Promise<readonly Fact[]> {
  const { position } = at.as_of;
  const table = (name: string) => sql.table(at.table(claims, name));
  const { rows } = await sql<Fact>`
    (select d.since, d.key, null::json as linked, (select count(*) from ${table('claims')} c
       where c.conflict_key = d.key and ${heldAt(position, 'c')}) as claims
     from ${table('disputes')} d
     where d.conflict_id = ${conflict} and d.since <= ${through} and ${heldAt(position, 'd')}
       ${kind === undefined ? sql`` : sql`and d.kind = ${kind}`}
     order by d.since desc limit ${factsMax})
    union all
    (select l.since, l.key, json_build_array(l.claim_id, l.other_claim_id), 2
     from ${table('links')} l
     where l.conflict_id = ${conflict} and l.relation = ${relation} and l.since <= ${through}
       and ${heldAt(position, 'l')}
     order by l.since desc limit ${factsMax})
    order by since desc limit ${factsMax}`.execute(db);
  return rows;
}

/** The first of them for which no more than `claimsMax` are read; the very first in any case. */
export function within(
  claimsMax: number,
  facts: readonly Fact[],
  isFirst: boolean,
): readonly Fact[] {
  let sum = 0;
  const end = facts.findIndex(({ claims }) => {
    sum += claims;
    return sum > claimsMax;
  });
  return end === -1 ? facts : facts.slice(0, isFirst ? Math.max(1, end) : end);
}
