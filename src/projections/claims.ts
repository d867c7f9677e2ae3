/**
 * Claims as they stand: each with its verification, what it is a statement of, and how many there
 * are. Views read the claims that count by their slots, never all claims.
 */
import type { ClaimState } from '../domain/claim-state.ts';
import type { Timed } from '../domain/recorded.ts';
import type { Verification } from '../domain/verification.ts';
import type { Table } from './rows.ts';

/** Body of `claims`. */
export type ClaimBody = {
  readonly state: ClaimState;
  readonly verification: Verification;
  /** Whether it goes against the interest of the claimant's own side; see `isAdverseAdmission`. */
  readonly is_adverse: boolean;
  /** The claims that link to it; those that it links to are in `state`. */
  readonly linked_by: readonly string[];
};

/** Body of `subjects`: what the claims of one slot are statements of. */
export type SubjectBody = { readonly subject: object };

/** Body of `slots`. */
export type SlotBody = {
  /** When the claim that counts was said, and of when it is; null where none counts, or many do. */
  readonly timed: Timed | null;
};

/** Body of `totals`. */
export type TotalsBody = {
  readonly total: number;
  readonly by_verification: Readonly<Record<string, number>>;
  readonly by_lifecycle: Readonly<Record<string, number>>;
};

/** Body of `links`. */
export type LinkBody = Readonly<Record<string, never>>;

/** Body of `sides`. */
export type SideBody = { readonly parties?: readonly string[]; readonly part_of?: string };

const claims: Table = {
  // Key: claim id. Times are in ms as the domain orders them, `-infinity` where none is told;
  // `valid_from` is null but for claims about control, `made` the position of ClaimMade. Claims
  // with one `subject` (a key of `subjects`, null for none) are of one slot, whatever their
  // lifecycle. Claims that stand and have one `conflict_key` are about the same fact, so may
  // disagree; null for none. `tags`: `actor:ID`, `place:ID`, `report:ID` of all that it names.
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
  indexes: ['subject, valid_from', 'conflict_id, said_at, made', 'conflict_id, conflict_key'],
};

const subjects: Table = {
  // Key: a short digest of the subject. Once there, it stays. `place_id` for control of one place.
  columns: { conflict_id: 'text', kind: 'text', claimant_id: 'text', place_id: 'text' },
  indexes: ['conflict_id, kind', 'place_id'],
};

const slots: Table = {
  // Key: that of the subject; found by `subjects`, then by `key` and `since`. `claim_id`: the one
  // that counts; null where none stands, and where claims are added up: then each change of a
  // member makes a version, so that (key, since) tells whether a sum is still so.
  columns: { claim_id: 'text' },
  indexes: [],
};

const totals: Table = {
  // Key: conflict id.
  columns: {},
  indexes: [],
};

const links: Table = {
  // Key: `FROM RELATION TO`. `relation` is null once the link was taken back.
  columns: { conflict_id: 'text', relation: 'text', claim_id: 'text', other_claim_id: 'text' },
  indexes: ['conflict_id, relation'],
};

const sides: Table = {
  // Key: `conflict-ID` with its parties, `actor-ID` with what it is part of.
  columns: {},
  indexes: [],
};

/** The tables of the projection `claims`. */
export const claimTables = { claims, subjects, slots, totals, links, sides };
