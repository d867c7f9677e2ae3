/** What an import of a file came to, for people and for programs. */
import type { RejectedRow, Rows } from '../import/chunk.ts';
import type { DataImported } from '../import/import-data.ts';
import type { Vanished } from '../import/vanished.ts';

export type Summary = {
  file: string;
  format: string;
  report_id?: string;
  dry_run: boolean;
  stopped: boolean;
  rows: Rows;
  events: number;
  events_by_type: Readonly<Record<string, number>>;
  entries_kept?: readonly string[];
  columns_ignored?: readonly string[];
  vanished?: Vanished | undefined;
  /** The first ones. */
  rejected: readonly RejectedRow[];
  seconds: number;
};

/** Of what an import came to. */
export function summaryOf(
  { rows, events, isStopped, reportId, ...more }: DataImported,
  {
    file,
    format,
    dry_run,
    ...rest
  }: Pick<Summary, 'file' | 'format' | 'dry_run' | 'rejected' | 'seconds'>,
): Summary {
  return {
    ...{ file, format },
    ...(reportId !== undefined && { report_id: reportId }),
    ...{ dry_run, stopped: isStopped, rows },
    events: Object.values(events).reduce((sum, n) => sum + n, 0),
    events_by_type: events,
    ...(reportId !== undefined && {
      entries_kept: more.entriesKept,
      columns_ignored: more.columnsIgnored,
      vanished: more.vanished,
    }),
    ...rest,
  };
}

/** Whether there is something to look after. */
export function isFinding({ rows, stopped, vanished }: Summary): boolean {
  return rows.rejected > 0 || stopped || vanished?.refused !== undefined;
}

/** In lines, each ended. */
export function textOf(summary: Summary): string {
  const { file, rows, events, seconds, dry_run, stopped, vanished } = summary;
  const { entries_kept = [], columns_ignored = [], rejected } = summary;
  const lines = [
    `${file}: ${rows.read} rows read, ${rows.recorded} recorded, ${rows.known} already known, ` +
      `${rows.rejected} rejected; events recorded: ${events}, in ${seconds} s` +
      `${dry_run ? ' (a dry run: nothing is recorded)' : ''}`,
    ...(stopped ? ['  stopped before its end: run it again to go on'] : []),
    ...(vanished === undefined ? [] : [`  no longer in the file: ${vanished.claims} claims`]),
    ...(vanished?.refused === undefined ? [] : [`  not all retracted: ${vanished.refused}`]),
    ...(columns_ignored.length > 0 ? [`  columns not read: ${columns_ignored.join(', ')}`] : []),
    ...(entries_kept.length > 0
      ? [`  registered otherwise before, and left so: ${entries_kept.join(', ')}`]
      : []),
    ...rejected.map(({ row, reasons }) => `  row ${row}: ${reasons.join('; ')}`),
    ...(rows.rejected > rejected.length
      ? [`  and ${rows.rejected - rejected.length} more: all of them with --rejects FILE`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}
