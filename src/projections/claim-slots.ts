/** The slots of claims: from where on the one that counts is found, and when a sum has changed. */
import { type ClaimSubject, claimSubjectOf, isAddedUp } from '../domain/claim-subject.ts';
import type { ClaimRow, SubjectBody } from './claim-tables.ts';
import type { Row, Rows } from './rows.ts';

type Tables = Readonly<Record<'subjects' | 'slots', Rows>>;

const ofSum: Row = { order_at: null, said_at: null, made: null, body: {} };

/** Follows a claim that changed from `before`, which is undefined if it is new. */
export function followSlots(rows: Tables, before: ClaimRow | undefined, after: ClaimRow): void {
  const { current } = after.state;
  const left = before?.state.current;
  if (before !== undefined && before.subject !== null && left !== undefined && isAddedUp(left)) {
    rows.slots.put(before.subject, ofSum);
  }
  if (after.subject === null || left === current) return;
  if (before?.subject !== after.subject && rows.slots.get(after.subject) === undefined) {
    putSubject(rows, after);
  }
  if (isAddedUp(current)) rows.slots.put(after.subject, ofSum);
  else raise(rows, after.subject, after);
}

function putSubject({ subjects }: Tables, { subject: key, conflict_id, kind, state }: ClaimRow) {
  const subject = claimSubjectOf(state.current) as ClaimSubject;
  const place_id = subject.kind === 'control' ? subject.place_id : null;
  subjects.add(key as string, { conflict_id, kind, place_id, body: { subject } as SubjectBody });
}

// Only ever up: a claim that does not stand any more is passed over when the slot is read.
function raise({ slots }: Tables, key: string, { order_at, said_at, made }: ClaimRow): void {
  const row = { order_at, said_at, made, body: {} };
  const slot = slots.get(key);
  if (slot === undefined || isBefore(slot, row)) slots.put(key, row);
}

function isBefore(a: Row, b: Row): boolean {
  for (const column of ['order_at', 'said_at', 'made']) {
    const [one, two] = [a[column] as number, b[column] as number];
    if (one !== two) return one < two;
  }
  return false;
}
