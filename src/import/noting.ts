/** An import that is noted while it runs, for others to see: `GET /v1/ops/imports`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db.ts';
import type { RejectedRow } from './chunk.ts';
import { linesFormat } from './formats.ts';
import type { DataImported, DataOptions, Follower } from './import-data.ts';
import type { Importer } from './importer.ts';
import {
  type Begun,
  type Ended,
  type Figures,
  noteBegun,
  noteFigures,
  rejectionsKeptMax,
} from './imports.ts';

const noteIntervalMs = 1_000;
const lastNoteAttemptsMax = 3;

export type NotingParts = {
  readonly db: Db;
  /** Hears what could not be noted, and why. */
  readonly onFault: (message: string, error: Error) => void;
};
/** What begins. */
export type Asked = {
  readonly id: string;
  readonly path: string;
  /** The file's name, without its folder. */
  readonly file: string;
  /** Undefined: lines. */
  readonly importer: Importer | undefined;
  readonly options: DataOptions;
  readonly runBy: 'command' | 'service';
  /** Who sent the file. */
  readonly principal: string | undefined;
};
type Imported = Pick<DataImported, 'isStopped' | 'sha256' | 'entriesKept' | 'vanished'>;

/**
 * Does `work`, which is an import, and notes it: as it begins, once a second, and what it came to.
 *
 * What is noted is for those who look on; the log holds what was recorded, whatever is noted. So:
 * - Where it cannot be noted that it begins, it does not begin. Nothing is lost by that yet, and an
 *   import that nobody can see would be the worse surprise.
 * - A note on the way that fails is told, and made good by the next: notes are totals, and rejected
 *   rows are held until they are noted. They are as few as are kept.
 * - The last one is tried again and then told. What `work` answered or threw is handed on all the
 *   same; the import is then shown as interrupted, and running it again is harmless.
 *
 * It is a timer that notes, not the progress: so an import that waits, or reads its file through
 * before its first row, is known to be alive. A note waits for the one before it.
 */
export async function noted<T extends Imported>(
  { db, onFault }: NotingParts,
  asked: Asked,
  work: (follower: Follower) => Promise<T>,
): Promise<T> {
  await noteBegun(db, begunOf(asked));
  const noting = notesOf(db, asked.id);
  let writing: Promise<void> | undefined;
  const timer = setInterval(() => {
    writing ??= noting
      .write()
      .catch((error) => onFault('an import could not be noted; it goes on', error))
      .finally(() => {
        writing = undefined;
      });
  }, noteIntervalMs);
  const end = async (ended: Ended) => {
    clearInterval(timer);
    await writing;
    await lastNote(noting, ended, onFault);
  };
  let outcome: T;
  try {
    outcome = await work(noting.follower);
  } catch (error) {
    // Where a file lies on this machine is nobody's business elsewhere.
    const message = (error as Error).message.replaceAll(asked.path, asked.file);
    await end({ state: 'failed', error: message, entriesKept: [], vanished: undefined });
    throw error;
  }
  const { isStopped, sha256, entriesKept, vanished } = outcome;
  noting.hear({ sha256, ...(!isStopped && { share: 1 }) });
  const state = isStopped ? 'stopped' : 'done';
  await end({ state, error: undefined, entriesKept, vanished });
  return outcome;
}

function begunOf({ id, file, importer, options, runBy, principal }: Asked): Begun {
  const { encoding, conflictId, published, full } = options;
  const own = importer?.conflictId === 'needed' ? undefined : importer?.conflictId;
  return {
    ...{ id, format: importer?.format ?? linesFormat, file, encoding },
    conflict_id: conflictId ?? own ?? null,
    published: published ?? null,
    full_percent_max: full?.percentMax ?? null,
    run_by: runBy,
    principal: principal ?? null,
  };
}

/** What is to be noted of an import, as its follower hears it. */
function notesOf(db: Db, id: string) {
  let figures: Figures = {
    ...{ rows: { read: 0, recorded: 0, known: 0, rejected: 0 }, events: {} },
    ...{ sha256: undefined, reportId: undefined, share: undefined },
  };
  let taken = 0;
  const waiting: RejectedRow[] = [];
  const hear = (more: Partial<Figures>) => {
    figures = { ...figures, ...more };
  };
  const follower: Follower = {
    onOpened: hear,
    onProgress: ({ rows, events }, share) => hear({ rows, events, share }),
    onRejected(row) {
      if (taken === rejectionsKeptMax) return;
      taken += 1;
      waiting.push(row);
    },
  };
  async function write(ended?: Ended): Promise<void> {
    const rejections = [...waiting];
    await noteFigures(db, id, figures, rejections, ended);
    waiting.splice(0, rejections.length);
  }
  return { follower, hear, write };
}

async function lastNote(
  { write }: ReturnType<typeof notesOf>,
  ended: Ended,
  onFault: NotingParts['onFault'],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(ended);
    } catch (error) {
      if (attempt < lastNoteAttemptsMax) await sleep(noteIntervalMs);
      else return onFault('what an import came to could not be noted', error as Error);
    }
  }
}
