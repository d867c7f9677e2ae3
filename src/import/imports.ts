/** The imports there were and are, as PostgreSQL keeps them. */
import { type Selectable, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Db, ImportsTable } from '../db.ts';
import type { RejectedRow, Rows } from './chunk.ts';
import type { Vanished } from './vanished.ts';

/** How many rejected rows of an import are kept; of the others only their count is. */
export const rejectionsKeptMax = 1_000;
/** After so long without a note, whoever was at an import is taken to be gone. */
export const silenceMsMax = 30_000;
const reasonsMax = 20;
const reasonLengthMax = 500;
const entriesKeptMax = 1_000;

/** What is known of an import before it begins. */
export type Begun = Pick<
  Selectable<ImportsTable>,
  | 'id'
  | 'format'
  | 'file'
  | 'encoding'
  | 'conflict_id'
  | 'published'
  | 'full_percent_max'
  | 'run_by'
  | 'principal'
>;
/** How far it is; totals, so that a note that is lost is made good by the next. */
export type Figures = {
  readonly rows: Readonly<Rows>;
  readonly events: Readonly<Record<string, number>>;
  readonly sha256: string | undefined;
  readonly reportId: string | undefined;
  /** Of the file, 0 to 1. */
  readonly share: number | undefined;
};
/** What it came to. */
export type Ended = {
  readonly state: 'done' | 'stopped' | 'failed';
  readonly error: string | undefined;
  readonly entriesKept: readonly string[];
  readonly vanished: Vanished | undefined;
};
/** As an import is shown; `interrupted`: it was to run, and nothing is heard of it any more. */
export const importStates = ['running', 'interrupted', 'done', 'stopped', 'failed'] as const;
export type ImportState = (typeof importStates)[number];
const columns = [
  ...(['id', 'format', 'file', 'sha256', 'report_id', 'encoding', 'conflict_id'] as const),
  ...(['published', 'full_percent_max', 'run_by', 'principal', 'error'] as const),
  ...(['share_read', 'rows_read', 'rows_recorded', 'rows_known', 'rows_rejected'] as const),
  ...(['rejections_kept', 'events', 'entries_kept', 'vanished'] as const),
  ...(['started_at', 'noted_at', 'ended_at'] as const),
];
/** As it is shown: a row, whose state follows from when it was last heard of. */
export type NotedImport = Pick<Selectable<ImportsTable>, (typeof columns)[number]> & {
  readonly state: ImportState;
};

/** An id for an import: UUIDv7 (RFC 9562). */
export function newImportId(): string {
  return uuidv7();
}

/** Notes that it begins. */
export async function noteBegun(db: Db, begun: Begun): Promise<void> {
  const file = storable(begun.file);
  await db
    .insertInto('imports')
    .values({ ...begun, file })
    .execute();
}

/** Notes how far it is, and these of its rejected rows, which may have been noted before. */
export async function noteFigures(
  db: Db,
  id: string,
  figures: Figures,
  rejections: readonly RejectedRow[],
  ended?: Ended,
): Promise<void> {
  const { rows, events, sha256 = null, reportId = null, share = null } = figures;
  const update = {
    ...{ rows_read: rows.read, rows_recorded: rows.recorded },
    ...{ rows_known: rows.known, rows_rejected: rows.rejected },
    ...{ rejections_kept: Math.min(rows.rejected, rejectionsKeptMax) },
    ...{ events: JSON.stringify(events), sha256, report_id: reportId, share_read: share },
    noted_at: sql<string>`now()`,
    ...(ended && endOf(ended)),
  };
  if (rejections.length === 0) {
    await db.updateTable('imports').set(update).where('id', '=', id).execute();
    return;
  }
  const kept = rejections.map(({ row, reasons }) => ({
    ...{ import_id: id, row },
    reasons: reasons.slice(0, reasonsMax).map((reason) => storable(reason, reasonLengthMax)),
  }));
  await db
    .with('kept', (query) =>
      query
        .insertInto('import_rejections')
        .values(kept)
        .onConflict((noted) => noted.doNothing()),
    )
    .updateTable('imports')
    .set(update)
    .where('id', '=', id)
    .execute();
}

/** A page, the newest first: those in that state that began before `before`. */
export function listImports(
  db: Db,
  {
    state,
    before,
    limit,
  }: {
    readonly state: ImportState | undefined;
    readonly before: { readonly at: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<NotedImport[]> {
  let chosen = db.selectFrom(shown(db)).selectAll();
  if (state !== undefined) chosen = chosen.where('state', '=', state);
  if (before !== undefined) {
    chosen = chosen.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('started_at', 'id'), '<', tuple(before.at, before.id)),
    );
  }
  return chosen.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

/** That import. */
export function findImport(db: Db, id: string): Promise<NotedImport | undefined> {
  return db.selectFrom(shown(db)).selectAll().where('id', '=', id).executeTakeFirst();
}

/** Rejected rows of an import, in their order: those behind the row `after`. */
export function listRejections(db: Db, id: string, after: number, limit: number) {
  return db
    .selectFrom('import_rejections')
    .select(['row', 'reasons'])
    .where('import_id', '=', id)
    .where('row', '>', after)
    .orderBy('row')
    .limit(limit)
    .execute();
}

// Who was killed cannot say so, and a number of a process would say nothing of another machine's:
// that it is silent is all there is to know. One that was frozen is running again once it notes.
// Both times are the database's.
function shown(db: Db) {
  const silentSince = sql<string>`now() - make_interval(secs => ${silenceMsMax / 1_000})`;
  return db
    .selectFrom('imports')
    .select(columns)
    .select(({ eb }) =>
      eb
        .case()
        .when(eb.and([eb('state', '=', 'running'), eb('noted_at', '<', silentSince)]))
        .then(eb.val<ImportState>('interrupted'))
        .else(eb.ref('state').$castTo<ImportState>())
        .end()
        .as('state'),
    )
    .as('imports');
}

function endOf({ state, error, entriesKept, vanished }: Ended) {
  return {
    state,
    error: error === undefined ? null : storable(error, reasonLengthMax),
    entries_kept: entriesKept.slice(0, entriesKeptMax),
    vanished: vanished === undefined ? null : JSON.stringify(vanished),
    ended_at: sql<string>`now()`,
  };
}

// PostgreSQL's text holds no NUL (its documentation, 8.3), and a file may hold anything.
function storable(text: string, lengthMax = Number.POSITIVE_INFINITY): string {
  return text.slice(0, lengthMax).toWellFormed().replaceAll('\0', '\ufffd');
}
