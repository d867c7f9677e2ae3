/** Filters by time: from the start of one moment to the end of another; dates are UTC's days. */
import { type RawBuilder, sql } from 'kysely';
import { lastInstantOf } from '../domain/times.ts';

/** An absent end is open. */
type Range = { readonly from?: string | undefined; readonly to?: string | undefined };

/** Whether a timestamptz `column` lies in the range; one that is null lies in none. */
export function isWithin(column: string, { from, to }: Range): RawBuilder<boolean>[] {
  const at = sql.ref(column);
  return [
    ...(from === undefined ? [] : [sql<boolean>`${at} >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [sql<boolean>`${at} <= ${lastInstantOf(to)}::timestamptz`]),
  ];
}

/** Whether what stands in the log at the position in `column` was recorded in the range. */
export function isRecordedWithin(
  column: string,
  { from, to }: Range,
  through: number,
): RawBuilder<boolean>[] {
  const at = sql.ref(column);
  // Once each, not for every row.
  const known = (moment: RawBuilder<unknown>) =>
    sql`(select position_known_at(${moment}, ${through}))`;
  return [
    ...(from === undefined
      ? []
      : [sql<boolean>`${at} > ${known(sql`${from}::timestamptz - interval '1 microsecond'`)}`]),
    ...(to === undefined
      ? []
      : [sql<boolean>`${at} <= ${known(sql`${lastInstantOf(to)}::timestamptz`)}`]),
  ];
}

/** A moment in ms since 1970 as PostgreSQL compares it; -Infinity is before all. */
export function momentAt(ms: number): RawBuilder<string> {
  const text = Number.isFinite(ms) ? new Date(ms).toISOString() : '-infinity';
  return sql`${text}::timestamptz`;
}

/** A number in the text of a cursor: nothing stands for -Infinity. */
export function markOf(value: number): string {
  return Number.isFinite(value) ? String(value) : '';
}

/** The number that `markOf` wrote; undefined if it wrote no such text. */
export function markedBy(text: string): number | undefined {
  if (text === '') return Number.NEGATIVE_INFINITY;
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
}
