/** What is searched and sorted by of a claim, as it stands. */
import { hash } from 'node:crypto';
import type { ClaimMade } from '../domain/claim.ts';
import { comparisonKey } from '../domain/claim-conflicts.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import { type ClaimSubject, claimSubjectOf, orderMs } from '../domain/claim-subject.ts';
import { stands } from '../domain/lifecycle.ts';
import { saidAtMs } from '../domain/recorded.ts';
import { startMs } from '../domain/times.ts';

/** So long that two texts never have one digest: 132 bits. */
const digestLength = 22;

/** The columns of a claim but those that its verification makes. */
export function columnsOf(state: ClaimState) {
  const { subject, conflict_key, ...content } = contentOf(state.current);
  return {
    ...content,
    lifecycle: state.lifecycle,
    made: state.position,
    subject: subject?.key ?? null,
    conflict_key: stands(state) ? conflict_key : null,
    tags: tagsOf(state),
  };
}

/** What a claim is a statement of, and the key of its slot. */
export type KeyedSubject = {
  readonly key: string;
  readonly conflict_id: string;
  readonly subject: ClaimSubject;
};

/** That of a claim; undefined where it is no statement of a state or a number. */
export function keyedSubjectOf(claim: ClaimMade): KeyedSubject | undefined {
  return contentOf(claim).subject;
}

/** A moment of a column, in ms since 1970. */
export function msOf(moment: string): number {
  return moment === '-infinity' ? Number.NEGATIVE_INFINITY : Date.parse(moment);
}

type Content = ReturnType<typeof deriveContent>;
// Asked for again and again while the claims of a batch change.
const known = new WeakMap<ClaimMade, Content>();

function contentOf(claim: ClaimMade): Content {
  const before = known.get(claim);
  if (before !== undefined) return before;
  const content = deriveContent(claim);
  known.set(claim, content);
  return content;
}

function deriveContent(claim: ClaimMade) {
  const { conflict_id, attribution, occurred, proposition } = claim;
  const subject = claimSubjectOf(claim);
  const compared = comparisonKey(claim);
  return {
    conflict_id,
    claimant_id: attribution.claimant_id,
    kind: proposition.kind,
    order_at: momentOf(orderMs(claim)),
    said_at: momentOf(saidAtMs(claim)),
    occurred_at: occurred === undefined ? null : momentOf(startMs(occurred.from)),
    subject: subject && {
      key: digestOf(JSON.stringify([conflict_id, subject])),
      conflict_id,
      subject,
    },
    conflict_key: compared === undefined ? null : digestOf(compared),
  };
}

// A subject may name a hundred places, which no index would take.
function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, digestLength);
}

function momentOf(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : '-infinity';
}

function tagsOf({ current, repetitions, report_ids }: ClaimState): string[] {
  const { attribution, proposition, places = [] } = current;
  const sources = [attribution, ...repetitions];
  const actors = [
    ...sources.flatMap(({ claimant_id, chain }) => [
      claimant_id,
      ...chain.map(({ actor_id }) => actor_id),
    ]),
    ...actorMembers.flatMap((member) => (proposition as Record<string, unknown>)[member] ?? []),
  ];
  const tags = [
    ...actors.map((id) => `actor:${id}`),
    ...places.map(({ place_id }) => `place:${place_id}`),
    ...report_ids.map((id) => `report:${id}`),
  ];
  return [...new Set(tags)];
}

/** The members of propositions that name actors. */
const actorMembers = ['side_id', 'controller_id', 'by_id', 'attacker_id', 'target_id'] as const;
