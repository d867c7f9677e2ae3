/**
 * Independent origins. What forty outlets reprint from one agency comes from one origin, so sources
 * are counted by the hops they came through and not by their number.
 */
import type { DataOf } from './catalogue.ts';
import { connectedBy } from './groups.ts';

/** Where a claim or a repetition of it was found. */
export type Source = Pick<DataOf<'ClaimMade'>['attribution'], 'claimant_id' | 'chain'>;

/**
 * The actors a source came through, first the one it comes from. Where no chain is given nobody
 * stands between the claimant and the record.
 */
export function hopsOf({ claimant_id, chain }: Source): readonly [string, ...string[]] {
  const [first, ...others] = chain.map(({ actor_id }) => actor_id);
  return first === undefined ? [claimant_id] : [first, ...others];
}

/** The first hop: a publisher that names nobody before it is the origin itself. */
export function originOf(source: Source): string {
  return hopsOf(source)[0];
}

/** Whether two sources have no hop in common, and are not one claimant's own words and more. */
export function areIndependent(a: Source, b: Source): boolean {
  return countOrigins([a, b]) === 2;
}

/**
 * How many independent origins `sources` have: the number of groups of them without a common hop,
 * also not through a third. A source that shares a hop with another never adds one. Where a
 * claimant's own words are among them, all that this claimant is quoted with is of one origin: what
 * others passed on was said there.
 */
export function countOrigins(sources: readonly Source[]): number {
  // Most claims have one.
  if (sources.length < 2) return sources.length;
  const heard = new Set(sources.filter(isOwnWord).map(({ claimant_id }) => claimant_id));
  const connected = connectedBy(sources, (source) => {
    const { claimant_id } = source;
    return heard.has(claimant_id) ? [...hopsOf(source), claimant_id] : hopsOf(source);
  });
  return connected.length;
}

// Nobody stands between the claimant and the record, or the chain begins with or leads over them.
function isOwnWord({ claimant_id, chain }: Source): boolean {
  return chain.length === 0 || chain.some(({ actor_id }) => actor_id === claimant_id);
}
