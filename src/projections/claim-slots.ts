/** Which claim of a slot counts, kept up to date with each claim that changes. */
import { Equal } from 'typebox/value';
import type { ClaimView } from '../domain/claim-state.ts';
import { countedOne, isAddedUp, replacingOrder, timedOf } from '../domain/claim-subject.ts';
import { stands } from '../domain/lifecycle.ts';
import { type KeyedSubject, keyedSubjectOf } from './claim-columns.ts';
import type { ClaimBody, SlotBody, SubjectBody } from './claim-tables.ts';
import type { Rows } from './rows.ts';

type Tables = Readonly<Record<'claims' | 'subjects' | 'slots', Rows>>;

/** A claim as rules about claims among each other see it: links count from either end. */
export function viewOf({ state, linked_by }: ClaimBody): ClaimView {
  return linked_by.length === 0 ? state : { ...state, links: [...state.links, ...linked_by] };
}

/** Follows a claim that is put already: `before` is what it was, undefined if it is new. */
export function followSlots(rows: Tables, before: ClaimBody | undefined, after: ClaimBody): void {
  const left = before && keyedSubjectOf(before.state.current);
  const keyed = keyedSubjectOf(after.state.current);
  if (left !== undefined && left.key !== keyed?.key) recount(rows, left);
  if (keyed === undefined) return;
  if (before === undefined) enter(rows, keyed, after);
  else if (left?.key !== keyed.key || mayMove(rows, keyed, before, after)) recount(rows, keyed);
}

// A claim that was just made is linked with none: it is the one that counts, or changes nothing.
function enter(rows: Tables, keyed: KeyedSubject, { state }: ClaimBody): void {
  const { key, subject } = keyed;
  if (isAddedUp(subject)) {
    recount(rows, keyed);
    return;
  }
  const counted = (rows.slots.get(key)?.body as SlotBody | undefined)?.timed ?? null;
  if (counted === null || replacingOrder(subject)(counted, timedOf(state)) < 0) {
    put(rows, keyed, state);
  }
}

function mayMove(rows: Tables, keyed: KeyedSubject, before: ClaimBody, after: ClaimBody): boolean {
  const { key, subject } = keyed;
  if (isAddedUp(subject) || before.state.current !== after.state.current) return true;
  const isRelinked =
    before.state.links !== after.state.links || before.linked_by !== after.linked_by;
  // Casualties alone ask what is one occurrence.
  if (isRelinked) return subject.kind === 'casualties';
  if (stands(before.state) === stands(after.state)) return false;
  const isLinked = after.state.links.length + after.linked_by.length > 0;
  return isLinked || rows.slots.get(key)?.claim_id === after.state.current.claim_id;
}

function recount(rows: Tables, keyed: KeyedSubject): void {
  const { key, subject } = keyed;
  const members = isAddedUp(subject) ? [] : rows.claims.by('subject', key);
  put(
    rows,
    keyed,
    countedOne(
      subject,
      members.map(({ body }) => viewOf(body as ClaimBody)),
    ),
  );
}

function put(
  { subjects, slots }: Tables,
  keyed: KeyedSubject,
  counts: ClaimView | undefined,
): void {
  const { key, conflict_id, subject } = keyed;
  const timed = counts === undefined ? null : timedOf(counts);
  const claim_id = counts?.current.claim_id ?? null;
  const slot = slots.get(key);
  if (slot === undefined) {
    const place_id = subject.kind === 'control' ? subject.place_id : null;
    const body: SubjectBody = { subject };
    subjects.put(key, { conflict_id, kind: subject.kind, place_id, body });
  }
  const isSame = slot?.claim_id === claim_id && Equal((slot.body as SlotBody).timed, timed);
  if (isAddedUp(subject) || !isSame) slots.put(key, { claim_id, body: { timed } });
}
