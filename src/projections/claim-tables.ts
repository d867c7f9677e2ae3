/** The tables of the projection `claims`: what their columns and bodies hold. */
import type { ClaimEvent } from '../domain/claim.ts';
import { type ChangedState, changedSinceMade, stateSinceMade } from '../domain/claim-since-made.ts';
import type { ClaimState, Link } from '../domain/claim-state.ts';
import type { ClaimSubject } from '../domain/claim-subject.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import type { Recorded } from '../domain/recorded.ts';
import type { Circumstances, Verification } from '../domain/verification.ts';
import type { Recalled, ToldEvent } from './recalled.ts';
import type { Table } from './rows.ts';
import { type Tag, tagger } from './tags.ts';

/**
 * Body of `claims`: what the event that made it does not tell, as far as there is such. Its
 * verification follows from its assessments and from these.
 */
export type ClaimBody = {
  readonly since_made?: ChangedState;
  readonly is_contradicted?: true;
  readonly is_adverse?: true;
  /** Where they are not one. */
  readonly independent_origins?: number;
  readonly linked_by?: readonly Link[];
};

/** A claim as it stands. */
export type KnownClaim = {
  readonly state: ClaimState;
  readonly verification: Verification;
  /** Whether it goes against the interest of the claimant's own side; see `isAdverseAdmission`. */
  readonly is_adverse: boolean;
  /** The links made to it, by the claims that they are from; those that it made are its state. */
  readonly linked_by: readonly Link[];
};

/** A row of `claims`; see its table for what the columns mean. */
export type ClaimRow = {
  readonly conflict_id: string;
  readonly claimant_id: string;
  readonly kind: string;
  readonly verification: string;
  readonly lifecycle: Lifecycle;
  readonly order_at: number;
  readonly said_at: number;
  readonly occurred_at: number | null;
  readonly occurred_until: string | null;
  readonly made: number;
  readonly subject: string | null;
  readonly conflict_key: string | null;
  readonly tags: readonly Tag[];
  readonly body: ClaimBody;
  /** Recalled, not stored as it is. */
  readonly state: ClaimState;
};

/** The state of a claim, of the event that made it and of what is stored beside. */
export const claimRecalled = {
  column: 'made',
  members(event: ToldEvent, { since_made = {} }: ClaimBody): { state: ClaimState } {
    return { state: stateSinceMade(event as unknown as Recorded<Made>, since_made) };
  },
} satisfies Recalled;
type Made = Extract<ClaimEvent, { type: 'ClaimMade' }>;

/** What is to be stored of a claim in these circumstances. */
export function bodyOf(
  state: ClaimState,
  linked_by: readonly Link[],
  { isContradicted, isAdverse, independentOrigins }: Required<Circumstances>,
): ClaimBody {
  return {
    ...(state.last_position > state.position && { since_made: changedSinceMade(state) }),
    ...(isContradicted && { is_contradicted: true }),
    ...(isAdverse && { is_adverse: true }),
    ...(independentOrigins !== 1 && { independent_origins: independentOrigins }),
    ...(linked_by.length > 0 && { linked_by }),
  };
}

/** Body of `subjects`. */
export type SubjectBody = { readonly subject: ClaimSubject };

/**
 * Body of `totals`: how many claims have each status of `statuses`, then each of `lifecycles`, in
 * their order. It is stored with every claim, so it has no names.
 */
export type TotalsBody = readonly number[];

/** Body of `disputes`: the claim that it was found in first, of those that stood by the second. */
export type DisputeBody = { readonly first: string };

/** Body of `sides`. */
export type SideBody = { readonly parties?: readonly string[]; readonly part_of?: string };

/** The tags of a claim, each of an id. */
export const claimTags = {
  actor: tagger('actor'),
  place: tagger('place'),
  report: tagger('report'),
  side: tagger('side'),
};

/**
 * Key: claim id. Claims with one `subject` (key of a slot; null for none) are of one slot, whatever
 * their lifecycle; of those that stand the last one counts by `order_at`, `said_at`, `made`.
 * `order_at` is when it is so for control, when it was said for the rest; `made` is the position of
 * ClaimMade. Moments are in ms, as the domain orders them, `-infinity` where nothing tells. Claims
 * that have one `conflict_key` stand and are about one fact, so may disagree; null for none.
 * `occurred_at` is when it is said to have begun, `occurred_until` the last instant of that, null
 * where nothing tells. `tags`: of the actors, places and reports that it names, and of the side
 * whose losses it counts; see `claimTags`.
 */
const claims: Table = {
  columns: {
    conflict_id: 'text',
    claimant_id: 'text',
    kind: 'text',
    verification: 'text',
    lifecycle: 'text',
    order_at: 'ms',
    said_at: 'ms',
    occurred_at: 'ms',
    occurred_until: 'timestamptz',
    made: 'bigint',
    subject: 'text',
    conflict_key: 'text',
    tags: 'tags',
  },
  indexes: [
    'subject, order_at, said_at, made',
    // What is listed, in both orders; what it is most filtered by is read in the index.
    'said_at, made',
    'made',
    'conflict_id, said_at, made, kind, verification, lifecycle',
    'claimant_id, said_at, made',
    'conflict_key',
  ],
  inverted: ['tags'],
  recalled: claimRecalled,
};

/**
 * Key: a digest of the subject, which is in the body. Once there, it stays. `place_id` is that of
 * control of one place.
 */
const subjects: Table = {
  columns: { conflict_id: 'text', kind: 'text', place_id: 'text' },
  indexes: ['conflict_id, kind', 'place_id'],
};

/**
 * Key: that of the subject; slots are found by `subjects`, then by key. The columns are those of
 * the last claim ever, in that order: the one that counts is the first one down from there that
 * stands, so that whoever reads the past passes over no later claims. Where claims are added up,
 * they are null, and each change of one of these makes a version: (key, since) tells whether a sum
 * is still so.
 */
const slots: Table = {
  columns: { order_at: 'ms', said_at: 'ms', made: 'bigint' },
  indexes: [],
};

/**
 * Key: a `conflict_key`. `conflict_id` is null until a second claim has it beside a first: those
 * with a conflict are what claims may disagree about, in the order in which that was found.
 */
const disputes: Table = {
  columns: { conflict_id: 'text', kind: 'text' },
  indexes: ['conflict_id'],
};

/** Key: conflict id. No claim of it that was ever there is said after `said_until`. */
const totals: Table = { columns: { said_until: 'ms' }, indexes: [] };

/** Key: `FROM RELATION TO`. `relation` is null once the link was taken back. */
const links: Table = {
  columns: { conflict_id: 'text', relation: 'text', claim_id: 'text', other_claim_id: 'text' },
  indexes: ['conflict_id, relation'],
};

/** Key: `conflict-ID` with its parties, `actor-ID` with what it is part of. */
const sides: Table = { columns: {}, indexes: [] };

export const claimTables = { claims, subjects, slots, disputes, totals, links, sides };
