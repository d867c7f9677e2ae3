/** What is searched and sorted by of a claim, as it stands. */
import { hash } from 'node:crypto';
import type { ClaimMade } from '../domain/claim.ts';
import { comparisonKey } from '../domain/claim-conflicts.ts';
import type { ClaimState } from '../domain/claim-state.ts';
import { claimSubjectOf, orderMs } from '../domain/claim-subject.ts';
import { stands } from '../domain/lifecycle.ts';
import type { Proposition } from '../domain/proposition.ts';
import { saidAtMs } from '../domain/recorded.ts';
import { lastInstantOf, startMs } from '../domain/times.ts';
import type { Verification } from '../domain/verification.ts';
import { type ClaimBody, type ClaimRow, claimTags } from './claim-tables.ts';
import { hasTag, type Tag } from './tags.ts';

/** So long that two texts never have one digest: 132 bits. */
const digestLength = 22;

/** The row of a claim; what did not change is as in `before`. */
export function rowOf(
  state: ClaimState,
  { status }: Verification,
  body: ClaimBody,
  before: ClaimRow | undefined,
): ClaimRow {
  const was = before?.state;
  const isReworded = before === undefined || was?.current !== state.current;
  const content = isReworded ? contentOf(state.current) : before;
  if (isReworded) known.delete(state.current);
  const isFoundElsewhere = isReworded || was?.repetitions !== state.repetitions;
  return {
    conflict_id: content.conflict_id,
    claimant_id: content.claimant_id,
    kind: content.kind,
    verification: status,
    lifecycle: state.lifecycle,
    order_at: content.order_at,
    said_at: content.said_at,
    occurred_at: content.occurred_at,
    occurred_until: content.occurred_until,
    made: state.position,
    subject: content.subject,
    conflict_key: stands(state) ? content.conflict_key : null,
    tags: isFoundElsewhere ? tagsOf(state) : before.tags,
    body,
    state,
  };
}

/** The key of the slot of a claim; null where it is no statement of a state or a number. */
export function slotKeyOf(claim: ClaimMade): string | null {
  return contentOf(claim).subject;
}

/** The actors that a proposition names. */
export function actorsOf(proposition: Proposition): string[] {
  switch (proposition.kind) {
    case 'casualties':
    case 'equipment_losses':
      return [proposition.side_id];
    case 'control':
      return proposition.controller_id === null ? [] : [proposition.controller_id];
    case 'area_control':
      return [proposition.controller_id];
    case 'settlements_taken':
      return [proposition.by_id];
    case 'attack': {
      const { attacker_id, target_id } = proposition;
      return target_id === undefined ? [attacker_id] : [attacker_id, target_id];
    }
    case 'statement':
      return [];
  }
}

/** The key of the fact that a claim is about; null for none. */
export function factKeyOf(claim: ClaimMade): string | null {
  return contentOf(claim).conflict_key;
}

type Content = Omit<ClaimRow, 'verification' | 'lifecycle' | 'made' | 'tags' | 'body' | 'state'>;
// Asked for by the keys of an event and when it is projected; not once there is a row.
const known = new WeakMap<ClaimMade, Content>();

function contentOf(claim: ClaimMade): Content {
  const before = known.get(claim);
  if (before !== undefined) return before;
  const { conflict_id, attribution, occurred, proposition } = claim;
  const subject = claimSubjectOf(claim);
  const compared = comparisonKey(claim);
  const content = {
    conflict_id,
    claimant_id: attribution.claimant_id,
    kind: proposition.kind,
    order_at: orderMs(claim),
    said_at: saidAtMs(claim),
    occurred_at: occurred === undefined ? null : startMs(occurred.from),
    occurred_until: occurred === undefined ? null : lastInstantOf(occurred.to ?? occurred.from),
    subject: subject === undefined ? null : digestOf(JSON.stringify([conflict_id, subject])),
    conflict_key: compared === undefined ? null : digestOf(compared),
  };
  known.set(claim, content);
  return content;
}

// A subject may name a hundred places, which no index would take.
function digestOf(text: string): string {
  const digest = hash('sha256', text, 'base64url');
  // In two short parts, which are copied: of a long one V8 would keep the whole digest.
  return [digest.slice(0, digestLength / 2), digest.slice(digestLength / 2, digestLength)].join('');
}

/** Of so few, which most claims have, a set would cost more. */
const fewTagsMax = 32;

function tagsOf({ current, repetitions, report_ids }: ClaimState): Tag[] {
  const { attribution, proposition, places = [] } = current;
  const tags: Tag[] = [];
  const add = (tag: Tag) => {
    if (tags.length > fewTagsMax || !hasTag(tags, tag)) tags.push(tag);
  };
  for (const { claimant_id, chain } of [attribution, ...repetitions]) {
    add(claimTags.actor(claimant_id));
    for (const { actor_id } of chain) add(claimTags.actor(actor_id));
  }
  for (const actor of actorsOf(proposition)) add(claimTags.actor(actor));
  for (const { place_id } of places) add(claimTags.place(place_id));
  if ('side_id' in proposition) add(claimTags.side(proposition.side_id));
  for (const report of report_ids) add(claimTags.report(report));
  return tags.length > fewTagsMax ? [...new Set(tags)] : tags;
}
