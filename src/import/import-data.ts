/** A file of any format, imported: by a command, and by the service. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Progress, RejectedRow } from './chunk.ts';
import { openFile } from './files.ts';
import type { Importer } from './importer.ts';
import { importLines } from './lines.ts';
import { type Imported, importFile, reportIdOf } from './run.ts';
import { FileUnreadable } from './text.ts';

/** What of the way an import is run is asked for. */
export type DataOptions = {
  /** By its WHATWG label. */
  readonly encoding: string;
  /** Undefined: as the rows say. */
  readonly conflictId: string | undefined;
  /** RFC 3339, a day; undefined: the last date in the file. */
  readonly published: string | undefined;
  /** End claims that are no longer in the file, if these are at most so many of a hundred. */
  readonly full: { readonly percentMax: number } | undefined;
};

/** Who follows an import. */
export type Follower = {
  /** The file was read as a whole, before its first row is recorded. Of lines nobody hears it. */
  readonly onOpened: (file: { readonly sha256: string; readonly reportId: string }) => void;
  /** `share` of the file, 0 to 1; undefined where its length is not known. */
  readonly onProgress: (progress: Progress, share: number | undefined) => void;
  readonly onRejected: (row: RejectedRow) => void;
};

export type DataImport = Follower & {
  readonly store: EventStore;
  /** Undefined: lines of CloudEvents. */
  readonly importer: Importer | undefined;
  /** `-`: standard input, for lines. */
  readonly path: string;
  readonly options: DataOptions;
  readonly signal: AbortSignal;
};

export type DataImported = Imported & {
  /** Undefined where not all of it was read. */
  readonly sha256: string | undefined;
  /** The report that the file is; undefined for lines. */
  readonly reportId: string | undefined;
  readonly columnsIgnored: readonly string[];
};

/** Of an import that was stopped before its first row. */
export const nothingImported: DataImported = {
  ...{ rows: { read: 0, recorded: 0, known: 0, rejected: 0 }, events: {}, isStopped: true },
  ...{ sha256: undefined, reportId: undefined, entriesKept: [], vanished: undefined },
  columnsIgnored: [],
};

/**
 * Records what the file says. Throws `FileUnreadable` for a file that is not what it should be, and
 * where the log cannot be reached: what was recorded by then is known the next time.
 */
export function importData(asked: DataImport): Promise<DataImported> {
  return asked.importer === undefined ? readLines(asked) : readRows(asked, asked.importer);
}

async function readRows(asked: DataImport, importer: Importer): Promise<DataImported> {
  const { store, signal, options, onRejected } = asked;
  const file = await openFile(importer, asked.path, options.encoding, signal).catch((error) => {
    if (error !== signal.reason) throw error;
    return undefined;
  });
  if (file === undefined) return nothingImported;
  if ((options.published ?? file.datedAt) === undefined) {
    throw new FileUnreadable('no row has a date: say when it was published');
  }
  const { sha256, columnsIgnored } = file;
  const reportId = reportIdOf(file);
  asked.onOpened({ sha256, reportId });
  const imported = await importFile({
    ...{ store, importer, file, ...options, signal, onRejected },
    onProgress: (progress) => asked.onProgress(progress, progress.rows.read / file.rowCount),
  });
  return { ...imported, sha256, reportId, columnsIgnored };
}

// What passes is hashed as it passes: a file of lines may be of any length, and is read once.
async function readLines({ store, path, signal, onRejected, onProgress }: DataImport) {
  const isFile = path !== '-';
  const length = isFile ? (await stat(path)).size : undefined;
  const hash = createHash('sha256');
  let passed = 0;
  const bytes = new Transform({
    transform(part: Buffer, _encoding, done) {
      hash.update(part);
      passed += part.length;
      done(null, part);
    },
  });
  const source = isFile ? createReadStream(path) : process.stdin;
  const isWhole = pipeline(source, bytes).then(
    () => true,
    () => false,
  );
  try {
    const { rows, events, isStopped } = await importLines({
      ...{ store, bytes, signal, onRejected },
      onProgress: (progress) =>
        onProgress(
          progress,
          length === undefined ? undefined : passed / Math.max(length, passed, 1),
        ),
    });
    const sha256 = !isStopped && (await isWhole) ? hash.digest('hex') : undefined;
    return {
      ...{ rows, events, isStopped, sha256 },
      ...{ entriesKept: [], vanished: undefined, reportId: undefined, columnsIgnored: [] },
    };
  } finally {
    source.destroy();
  }
}
