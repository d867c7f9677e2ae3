/**
 * An import: a file's rows decided in chunks, as commands of their own would be. What is known is
 * found in bulk by the ids, which follow from the rows, so that an import that was cut off goes on
 * where it was when it is run again.
 */
import type { EventStore } from '../eventstore/event-store.ts';
import {
  decide,
  importChunk,
  type Progress,
  type RejectedRow,
  type Run,
  register,
} from './chunk.ts';
import type { DataFile, FileRow } from './files.ts';
import { type Importer, rejected, type Said } from './importer.ts';
import { endVanished, type Vanished } from './vanished.ts';

/** How many rows are decided and appended together. */
const chunkRowsMax = 500;

export type Imported = Progress & {
  /** Entries of the register that were there with other content, and are left as they are. */
  readonly entriesKept: readonly string[];
  /** What became of claims whose rows are gone; undefined where that was not asked for. */
  readonly vanished: Vanished | undefined;
  /** Whether it was told to stop before the end. */
  readonly isStopped: boolean;
};

export type Import = {
  readonly store: EventStore;
  readonly importer: Importer;
  readonly file: DataFile;
  readonly conflictId: string | undefined;
  /** When the file was published, where that is known better than by its rows. */
  readonly published: string | undefined;
  /** End the claims that the file has no rows of, if these are at most so many of a hundred. */
  readonly full: { readonly percentMax: number } | undefined;
  readonly signal: AbortSignal;
  readonly onRejected: (row: RejectedRow) => void;
  readonly onProgress: (progress: Progress) => void;
};

/** The id of the report that a file is. */
export function reportIdOf({ kind, sha256 }: DataFile): string {
  return `${kind.prefix}:file:${sha256.slice(0, 16)}`;
}

/**
 * Records what the file says. Throws where the log cannot be reached: what was recorded by then is
 * known the next time.
 */
export async function importFile(asked: Import): Promise<Imported> {
  const { file, importer, signal } = asked;
  const reportId = reportIdOf(file);
  const conflictId = asked.conflictId ?? ownConflict(importer);
  const editing = { importer, reportId };
  const run: Run = {
    ...{ store: asked.store, importer, conflictId, editing, onRejected: asked.onRejected },
    ...{ kept: new Set(), registered: new Set(), seen: new Set(), events: {} },
    rows: { read: 0, recorded: 0, known: 0, rejected: 0 },
  };
  await register(run, [...importer.entries, reportOf(asked, reportId)]);
  const read = file.kind.reader({ conflictId, reportId });
  for await (const chunk of chunksOf(file.rows())) {
    if (signal.aborted) break;
    const drafts = chunk.map((row) => ({
      row: row.row,
      draft: 'fields' in row ? read(row.fields) : rejected(row.fault),
    }));
    await importChunk(run, drafts);
    asked.onProgress(run);
  }
  const isWhole = !signal.aborted && run.rows.rejected === 0;
  const vanished =
    asked.full &&
    (await endVanished({
      ...{ store: asked.store, prefix: file.kind.prefix, editing, conflictId },
      ...{ seen: run.seen, isWhole, percentMax: asked.full.percentMax },
      execute: (steps) => decide(run, steps),
    }));
  const { rows, events, kept } = run;
  return { rows, events, entriesKept: [...kept], vanished, isStopped: signal.aborted };
}

function ownConflict({ conflictId }: Importer): string | undefined {
  return conflictId === 'needed' ? undefined : conflictId;
}

function reportOf({ importer: { source }, file, published }: Import, id: string): Said {
  const { outletId: outlet_id, url, language, licence } = source;
  const data = {
    ...{ outlet_id, url, language, licence, headline: file.kind.headline },
    published_at: published ?? file.datedAt,
    content_sha256: file.sha256,
  };
  return { type: 'ReportPublished', id, data };
}

async function* chunksOf(rows: AsyncIterable<FileRow>): AsyncGenerator<FileRow[]> {
  let chunk: FileRow[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < chunkRowsMax) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
