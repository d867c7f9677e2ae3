/** The slots of claims: from where on the one that counts is found, and when a sum has changed. */
import { isAddedUp } from '../domain/claim-subject.ts';
import { columnsOf, type KeyedSubject, keyedSubjectOf, msOf } from './claim-columns.ts';
import type { ClaimBody, SubjectBody } from './claim-tables.ts';
import type { Row, Rows } from './rows.ts';

type Tables = Readonly<Record<'subjects' | 'slots', Rows>>;

const ofSum: Row = { order_at: null, said_at: null, made: null, body: {} };

/** Follows a claim that changed from `before`, which is undefined if it is new. */
export function followSlots(rows: Tables, before: ClaimBody | undefined, after: ClaimBody): void {
  const left = before && keyedSubjectOf(before.state.current);
  const keyed = keyedSubjectOf(after.state.current);
  const isNew = left?.key !== keyed?.key;
  if (left !== undefined && isNew && isAddedUp(left.subject)) rows.slots.put(left.key, ofSum);
  if (keyed === undefined) return;
  if (isNew && rows.slots.get(keyed.key) === undefined) putSubject(rows, keyed);
  if (isAddedUp(keyed.subject)) rows.slots.put(keyed.key, ofSum);
  else if (isNew || before?.state.current !== after.state.current) raise(rows, keyed, after);
}

function putSubject({ subjects }: Tables, { key, conflict_id, subject }: KeyedSubject): void {
  const { kind } = subject;
  const body: SubjectBody = { subject };
  const place_id = kind === 'control' ? subject.place_id : null;
  subjects.put(key, { conflict_id, kind, place_id, body });
}

// Only ever up: a claim that does not stand any more is passed over when the slot is read.
function raise({ slots }: Tables, { key }: KeyedSubject, { state }: ClaimBody): void {
  const { order_at, said_at, made } = columnsOf(state);
  const row = { order_at, said_at, made, body: {} };
  const slot = slots.get(key);
  if (slot === undefined || isBefore(slot, row)) slots.put(key, row);
}

function isBefore(a: Row, b: Row): boolean {
  for (const column of ['order_at', 'said_at']) {
    const [one, two] = [msOf(a[column] as string), msOf(b[column] as string)];
    if (one !== two) return one < two;
  }
  return (a.made as number) < (b.made as number);
}
