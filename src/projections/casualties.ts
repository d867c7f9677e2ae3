/**
 * Casualties as each claimant counts them: one tally for everything that one claimant counts, with
 * what was added to it and what was not, and why. Claimants are never added up.
 */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { tallyOf } from '../domain/casualties.ts';
import { tallyWithin } from '../domain/casualty-period.ts';
import {
  type CasualtySubject,
  type NotAddedReason,
  notAddedReasons,
} from '../domain/casualty-subject.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import { CasualtyCategory, CasualtyOutcome } from '../domain/proposition.ts';
import { verificationOfAll } from '../domain/verification.ts';
import { code, orNull, PlaceMention } from '../domain/vocabulary.ts';
import { statuses } from './claim-shape.ts';
import type { KnownClaim } from './claim-tables.ts';
import { claims } from './claims.ts';
import { readMembers } from './counted-claims.ts';
import { readSameOccurrence } from './linked-claims.ts';
import { markedBy } from './moments.ts';
import { heldAt } from './rows.ts';
import type { At } from './vintage.ts';

/** Claims read for a page, but for those of its first tally, which are read whole. */
const pageClaimsMax = 5_000;
/** Claims that a tally names as added, and as not added. */
const namedMax = 100;

const Bound = orNull(Type.Number());
/** An item of GET /v1/casualties. */
export const Casualties = Type.Object({
  conflict_id: Type.String(),
  claimant_id: Type.String(),
  side_id: Type.String({ description: 'Whose casualties.' }),
  category: CasualtyCategory,
  outcome: CasualtyOutcome,
  since: orNull(Type.String({ description: 'From when a total counts, where that is said.' })),
  places: orNull(
    Type.Array(PlaceMention, { description: 'Where a total or a state counts, all together.' }),
  ),
  quantity: Type.Object(
    {
      unit: Type.String(),
      measure: code('increment', 'cumulative', 'snapshot'),
      ...{ low: Bound, best: Bound, high: Bound },
      low_exclusive: Type.Optional(Type.Literal(true)),
    },
    { description: 'Increments added up; the latest total or state. Null is unknown, never zero.' },
  ),
  period: orNull(Type.Object({ from: Type.String(), to: Type.String(), has_gaps: Type.Boolean() })),
  place_ids: Type.Array(Type.String(), { description: 'Of the claims that count, together.' }),
  verification: code(...statuses),
  claims_total: Type.Integer({ description: 'How many claims count.' }),
  claim_ids: Type.Array(Type.String(), { description: `The last ${namedMax} of them.` }),
  not_added_total: Type.Integer(),
  not_added: Type.Array(
    Type.Object({
      claim_id: Type.String(),
      reason: code(...(Object.keys(notAddedReasons) as [NotAddedReason])),
      description: Type.String(),
    }),
    { description: `The last ${namedMax}.` },
  ),
});
export type Casualties = Static<typeof Casualties>;

export type CasualtiesQuery = {
  readonly conflict: string;
  readonly claimant?: string;
  readonly side?: string;
  readonly category?: string;
  readonly outcome?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  /** Subjects that were first counted at this position or later. */
  readonly after?: number | undefined;
};

/**
 * A page of tallies, in the order in which they were first counted. It may hold fewer than `limit`,
 * also none, and yet have a `next`: so many claims and no more are read for one.
 */
export async function listCasualties(
  db: Db,
  at: At,
  query: CasualtiesQuery,
): Promise<{ items: Casualties[]; next: string | null }> {
  const found = await findSubjects(db, at, query);
  const shown = within(found.slice(0, query.limit));
  const keys = shown.map(({ key }) => key);
  const members = await readMembers(db, at, keys);
  const others = await readSameOccurrence(db, at, [...members.values()].flat());
  const items = shown.flatMap(({ key, subject }) => {
    // None, where all were corrected to count something else.
    const claims = members.get(key) ?? [];
    return claims.length === 0 ? [] : casualtiesOf(subject, claims, others, query);
  });
  const next = found[shown.length]?.since;
  return { items, next: next === undefined ? null : String(next) };
}

/** The position that the text of a cursor names; undefined if it names none. */
export function countedFrom(text: string): number | undefined {
  const position = markedBy(text);
  return position !== undefined && position > 0 ? position : undefined;
}

type Subject = {
  readonly since: number;
  readonly key: string;
  readonly subject: CasualtySubject;
  /** How many claims have it. */
  readonly claims: number;
};

async function findSubjects(db: Db, { as_of, table }: At, query: CasualtiesQuery) {
  const { conflict, claimant, side, category, outcome, limit, after = 0 } = query;
  const { position } = as_of;
  const wanted = { claimant_id: claimant, side_id: side, category, outcome };
  const filters = Object.entries(wanted).flatMap(([member, value]) =>
    value === undefined ? [] : [sql`s.body -> 'subject' ->> ${member} = ${value}`],
  );
  const isWanted = sql.join([heldAt(position, 's'), ...filters], sql` and `);
  const { rows } = await sql<Subject>`
    select s.since, s.key, s.body -> 'subject' as subject, (select count(*)
      from ${sql.table(table(claims, 'claims'))} c
      where c.subject = s.key and ${heldAt(position, 'c')}) as claims
    from ${sql.table(table(claims, 'subjects'))} s
    where s.conflict_id = ${conflict} and s.kind = 'casualties' and s.since >= ${after}
      and ${isWanted}
    order by s.since limit ${limit + 1}`.execute(db);
  return rows;
}

function within(subjects: readonly Subject[]): readonly Subject[] {
  let sum = 0;
  const end = subjects.findIndex((one) => {
    sum += one.claims;
    return sum > pageClaimsMax;
  });
  return end === -1 ? subjects : subjects.slice(0, Math.max(1, end));
}

function casualtiesOf(
  subject: CasualtySubject,
  members: readonly KnownClaim[],
  others: readonly ClaimState[],
  { conflict, from, to }: CasualtiesQuery,
): Casualties {
  const states = members.map(({ state }) => state);
  const period = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const isAll = from === undefined && to === undefined;
  const tally = isAll
    ? tallyOf(subject, states, others)
    : tallyWithin(subject, states, period, others);
  const counted = new Set(tally.claim_ids);
  const verified = members.filter(({ state }) => counted.has(state.current.claim_id));
  return {
    conflict_id: conflict,
    claimant_id: tally.claimant_id,
    side_id: tally.side_id,
    category: tally.category,
    outcome: tally.outcome,
    since: tally.since,
    places: tally.places as Casualties['places'],
    quantity: tally.quantity,
    period: tally.period,
    place_ids: [...tally.place_ids],
    verification: verificationOfAll(verified.map(({ verification }) => verification)).status,
    claims_total: tally.claim_ids.length,
    claim_ids: tally.claim_ids.slice(-namedMax),
    not_added_total: tally.not_added.length,
    not_added: tally.not_added.slice(-namedMax).map((one) => ({
      ...one,
      description: notAddedReasons[one.reason],
    })),
  };
}
