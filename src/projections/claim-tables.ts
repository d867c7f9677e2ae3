/** The tables of the projection `claims`: what their columns and bodies hold. */
import type { ClaimState, Link } from '../domain/claim-state.ts';
import type { ClaimSubject } from '../domain/claim-subject.ts';
import type { Timed } from '../domain/recorded.ts';
import type { Verification } from '../domain/verification.ts';
import type { Table } from './rows.ts';

/** Body of `claims`. */
export type ClaimBody = {
  readonly state: ClaimState;
  readonly verification: Verification;
  /** Whether it goes against the interest of the claimant's own side; see `isAdverseAdmission`. */
  readonly is_adverse: boolean;
  /** The links made to it, by the claims that they are from; those that it made are in `state`. */
  readonly linked_by: readonly Link[];
};

/** Body of `subjects`. */
export type SubjectBody = { readonly subject: ClaimSubject };

/** Body of `slots`: when the claim that counts was said, and of when it is. */
export type SlotBody = { readonly timed: Timed | null };

/** Body of `totals`. */
export type TotalsBody = {
  readonly total: number;
  /** A status or lifecycle that no claim has is not there. */
  readonly by_verification: Readonly<Record<string, number>>;
  readonly by_lifecycle: Readonly<Record<string, number>>;
};

/** Body of `sides`. */
export type SideBody = { readonly parties?: readonly string[]; readonly part_of?: string };

/**
 * Key: claim id. `said_at` and `valid_from` are in ms, as the domain orders them, `-infinity` where
 * nothing tells; `valid_from` is of claims about control alone, `made` the position of ClaimMade.
 * Claims with one `subject` (key of a slot; null for none) are of one slot, whatever their
 * lifecycle. Claims that stand and have one `conflict_key` are about one fact, so may disagree;
 * null for none. `tags`: `actor:ID`, `place:ID` and `report:ID` of all that it names.
 */
const claims: Table = {
  columns: {
    conflict_id: 'text',
    claimant_id: 'text',
    kind: 'text',
    verification: 'text',
    lifecycle: 'text',
    said_at: 'timestamptz',
    valid_from: 'timestamptz',
    made: 'bigint',
    subject: 'text',
    conflict_key: 'text',
    tags: 'text[]',
  },
  lookups: ['subject'],
  indexes: ['subject, valid_from', 'conflict_id, said_at, made', 'conflict_id, conflict_key'],
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
 * Key: that of the subject; slots are found by `subjects`, then by key. `claim_id` is the one that
 * counts; null where none stands, and where claims are added up: then each change of one of them
 * makes a version, so that (key, since) tells whether a sum is still so.
 */
const slots: Table = { columns: { claim_id: 'text' }, indexes: [] };

/** Key: conflict id. */
const totals: Table = { columns: {}, indexes: [] };

/** Key: `FROM RELATION TO`. `relation` is null once the link was taken back. */
const links: Table = {
  columns: { conflict_id: 'text', relation: 'text', claim_id: 'text', other_claim_id: 'text' },
  indexes: ['conflict_id, relation'],
};

/** Key: `conflict-ID` with its parties, `actor-ID` with what it is part of. */
const sides: Table = { columns: {}, indexes: [] };

export const claimTables = { claims, subjects, slots, totals, links, sides };
