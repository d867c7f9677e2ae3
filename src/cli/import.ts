/**
 * `frontlog import FORMAT FILE...`: data sets through the same rules as everything else. Run again,
 * it records what is new; cut off, it goes on.
 */
import { closeSync, statSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { readConfig } from '../config.ts';
import type { Db } from '../db.ts';
import { dryRunStore } from '../eventstore/dry-run.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { RejectedRow } from '../import/chunk.ts';
import { findImporter, formats, linesFormat, optionFault } from '../import/formats.ts';
import { type DataOptions, type Follower, importData } from '../import/import-data.ts';
import type { Importer } from '../import/importer.ts';
import { newImportId } from '../import/imports.ts';
import { noted } from '../import/noting.ts';
import { FileUnreadable } from '../import/text.ts';
import { openLog } from '../log.ts';
import { UsageError } from './exit.ts';
import { isFinding, type Summary, summaryOf, textOf } from './import-summary.ts';
import { makeLogger } from './logger.ts';
import { openOutput } from './output-file.ts';
import { openProgress } from './progress.ts';

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
type Asked = {
  readonly store: EventStore;
  /** Undefined: what is tried is noted nowhere. */
  readonly db: Db | undefined;
  readonly importer: Importer | undefined;
  readonly options: ImportOptions;
  readonly rejects: number | undefined;
  readonly signal: AbortSignal;
};

/** Ends with 1 where rows were rejected, a file was not what it should be, or it was stopped. */
export async function runImport(
  format: string,
  files: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const importer = findImporter(format);
  if (importer === undefined && format !== linesFormat) {
    throw new UsageError(`there is no format "${format}", only ${formats.join(', ')}`);
  }
  checkOptions(importer, files, options);
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  // One for all files: the second may name what the first registers.
  const dry = options.dryRun ? await dryRunStore(log.store, log.connect) : undefined;
  const store = dry ?? log.store;
  const stop = new AbortController();
  const { signal } = stop;
  process.once('SIGINT', () => {
    process.stderr.write('stopping; run it again to go on\n');
    stop.abort();
  });
  let rejects: number | undefined;
  try {
    if (options.rejects !== undefined) rejects = openOutput('--rejects', options.rejects);
    for (const file of files) {
      if (signal.aborted) break;
      const summary = await importOne(file, {
        ...{ store, db: dry ? undefined : log.db, importer, options, rejects, signal },
      });
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
  options: ImportOptions,
): void {
  const fault = optionFault(importer, options);
  if (fault !== undefined) throw new UsageError(`--${fault.option}: ${fault.detail}`);
  const { fullMax } = options;
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

async function importOne(path: string, asked: Asked): Promise<Summary> {
  const { db, importer, options, rejects } = asked;
  const started = performance.now();
  const rejected: RejectedRow[] = [];
  const progress = openProgress(path, 'rows');
  const shown: Follower = {
    onOpened: () => undefined,
    onRejected(row) {
      if (rejected.length < rejectionsShownMax) rejected.push(row);
      if (rejects !== undefined) writeSync(rejects, `${JSON.stringify({ file: path, ...row })}\n`);
    },
    onProgress({ rows: { read, recorded, known, rejected: bad } }) {
      const note = `${recorded} recorded, ${known} known, ${bad} rejected`;
      progress.say({ done: read, note });
    },
  };
  const dataOptions = dataOptionsOf(options);
  const work = (follower: Follower) =>
    importData({ ...asked, path, options: dataOptions, ...follower });
  try {
    const begun = { path, file: basename(path), importer, options: dataOptions };
    const outcome =
      db === undefined
        ? await work(shown)
        : await noted(
            { db, onFault: sayFault },
            { id: newImportId(), ...begun, runBy: 'command', principal: undefined },
            (notes) => work(both(shown, notes)),
          );
    const seconds = Math.round(performance.now() - started) / 1_000;
    const format = importer?.format ?? linesFormat;
    const asTried = { file: path, format, dry_run: options.dryRun === true };
    return summaryOf(outcome, { ...asTried, rejected, seconds });
  } catch (error) {
    if (error instanceof FileUnreadable) error.message = `${path}: ${error.message}`;
    throw error;
  } finally {
    progress.end();
  }
}

function dataOptionsOf({
  conflict,
  encoding = 'utf-8',
  published,
  full,
  fullMax = String(percentMaxDefault),
}: ImportOptions): DataOptions {
  const ending = full ? { percentMax: Number(fullMax) } : undefined;
  return { conflictId: conflict, encoding, published, full: ending };
}

function both(one: Follower, other: Follower): Follower {
  return {
    onOpened(file) {
      one.onOpened(file);
      other.onOpened(file);
    },
    onProgress(progress, share) {
      one.onProgress(progress, share);
      other.onProgress(progress, share);
    },
    onRejected(row) {
      one.onRejected(row);
      other.onRejected(row);
    },
  };
}

function sayFault(message: string, error: Error): void {
  process.stderr.write(`frontlog: ${message}: ${error.message}\n`);
}
