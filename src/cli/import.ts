/**
 * `frontlog import FORMAT FILE...`: data sets through the same rules as everything else. Run again,
 * it records what is new; cut off, it goes on.
 */
import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { readConfig } from '../config.ts';
import { connectOnce } from '../db.ts';
import { dryRunStore } from '../eventstore/dry-run.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { acled } from '../import/acled.ts';
import type { RejectedRow, Rows } from '../import/chunk.ts';
import { controlRevisions } from '../import/control-revisions.ts';
import { realDay } from '../import/fields.ts';
import { openFile } from '../import/files.ts';
import type { Importer } from '../import/importer.ts';
import { importLines } from '../import/lines.ts';
import { orcLosses } from '../import/orc-losses.ts';
import { importFile, reportIdOf } from '../import/run.ts';
import { FileUnreadable } from '../import/text.ts';
import { uaGeneralStaff } from '../import/ua-general-staff.ts';
import { ucdpGed } from '../import/ucdp-ged.ts';
import { openLog } from '../log.ts';
import { UsageError } from './exit.ts';
import { isFinding, type Summary, textOf } from './import-summary.ts';
import { makeLogger } from './logger.ts';
import { openProgress } from './progress.ts';

const importers = [uaGeneralStaff, orcLosses, controlRevisions, acled, ucdpGed];
const linesFormat = 'cloudevents';
const formats = [...importers.map(({ format }) => format), linesFormat];

const rejectionsShownMax = 20;
const percentMaxDefault = 10;

export type ImportOptions = {
  conflict?: string;
  encoding?: string;
  published?: string;
  full?: boolean;
  fullMax?: string;
  dryRun?: boolean;
  rejects?: string;
  json?: boolean;
};
type Told = {
  readonly signal: AbortSignal;
  readonly onRejected: (row: RejectedRow) => void;
  readonly onProgress: (rows: Rows) => void;
};

/** Ends with 1 where rows were rejected, a file was not what it should be, or it was stopped. */
export async function runImport(
  format: string,
  files: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const importer = importers.find((one) => one.format === format);
  if (importer === undefined && format !== linesFormat) {
    throw new UsageError(`there is no format "${format}", only ${formats.join(', ')}`);
  }
  checkOptions(importer, files, options);
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  // One for all files: the second may name what the first registers.
  const connect = () => connectOnce(log.databaseUrl, { pipeline: true });
  const dry = options.dryRun ? await dryRunStore(log.store, connect) : undefined;
  const store = dry ?? log.store;
  const stop = new AbortController();
  const { signal } = stop;
  process.once('SIGINT', () => {
    process.stderr.write('stopping; run it again to go on\n');
    stop.abort();
  });
  const rejects = options.rejects === undefined ? undefined : openSync(options.rejects, 'w');
  try {
    for (const file of files) {
      if (signal.aborted) break;
      const summary = await importOne(store, importer, { file, options, rejects, signal });
      if (isFinding(summary)) process.exitCode = 1;
      process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : textOf(summary));
    }
  } catch (error) {
    if (!(error instanceof FileUnreadable)) throw error;
    process.stderr.write(`frontlog: ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    if (rejects !== undefined) closeSync(rejects);
    await dry?.close();
    await log.close();
  }
}

function checkOptions(
  importer: Importer | undefined,
  files: readonly string[],
  { conflict, published, full, fullMax, encoding }: ImportOptions,
): void {
  if (importer?.conflictId === 'needed' && conflict === undefined) {
    throw new UsageError(
      `--conflict: rows of ${importer.format} do not say which; register it first`,
    );
  }
  if (importer === undefined && (conflict ?? published ?? encoding ?? full) !== undefined) {
    throw new UsageError(`${linesFormat}: events say all of that themselves`);
  }
  if (published !== undefined && realDay(published) === undefined) {
    throw new UsageError('--published: a day, such as 2022-09-12');
  }
  if (fullMax !== undefined && !(Number(fullMax) >= 0 && Number(fullMax) <= 100)) {
    throw new UsageError('--full-max: a number of percent, 0 to 100');
  }
  for (const file of files) {
    if (file === '-' && importer === undefined) continue;
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new UsageError(`there is no file ${file}`);
    }
  }
}

async function importOne(
  store: EventStore,
  importer: Importer | undefined,
  asked: { file: string; options: ImportOptions; rejects: number | undefined; signal: AbortSignal },
): Promise<Summary> {
  const { file, options, rejects, signal } = asked;
  const started = performance.now();
  const rejected: RejectedRow[] = [];
  const progress = openProgress(file, 'rows');
  const told: Told = {
    signal,
    onRejected(row) {
      if (rejected.length < rejectionsShownMax) rejected.push(row);
      if (rejects !== undefined) writeSync(rejects, `${JSON.stringify({ file, ...row })}\n`);
    },
    onProgress: ({ read, recorded, known, rejected: bad }) => {
      const note = `${recorded} recorded, ${known} known, ${bad} rejected`;
      progress.say({ done: read, note });
    },
  };
  const read = importer === undefined ? readLines(file, store, told) : undefined;
  try {
    const outcome = await (read ?? readRows(file, importer as Importer, store, options, told));
    const seconds = Math.round(performance.now() - started) / 1_000;
    return { file, dry_run: options.dryRun === true, ...outcome, rejected, seconds };
  } catch (error) {
    if (error instanceof FileUnreadable) error.message = `${file}: ${error.message}`;
    throw error;
  } finally {
    progress.end();
  }
}

async function readRows(
  path: string,
  importer: Importer,
  store: EventStore,
  { conflict, encoding = 'utf-8', published, full, fullMax }: ImportOptions,
  told: Told,
) {
  const file = await openFile(importer, path, encoding);
  if ((published ?? file.datedAt) === undefined) {
    throw new FileUnreadable('no row has a date: say --published');
  }
  const percentMax = fullMax === undefined ? percentMaxDefault : Number(fullMax);
  const { rows, events, entriesKept, vanished, isStopped } = await importFile({
    ...{ store, importer, file, published, ...told },
    conflictId: conflict,
    full: full ? { percentMax } : undefined,
  });
  return {
    format: importer.format,
    report_id: reportIdOf(file),
    stopped: isStopped,
    rows,
    events: Object.values(events).reduce((sum, n) => sum + n, 0),
    events_by_type: events,
    entries_kept: entriesKept,
    columns_ignored: file.columnsIgnored,
    vanished,
  };
}

async function readLines(path: string, store: EventStore, told: Told) {
  const bytes = path === '-' ? process.stdin : createReadStream(path);
  const { rows, events, isStopped } = await importLines({ store, bytes, ...told });
  return { format: linesFormat, stopped: isStopped, rows, events };
}
