/** Files that are sent to the service: kept while they are imported, one at a time. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { type AskedOptions, findImporter, optionFault } from './formats.ts';
import { type DataOptions, importData, nothingImported } from './import-data.ts';
import { findImport, newImportId } from './imports.ts';
import { noted } from './noting.ts';
import {
  largerThan,
  receiveFile,
  removeLeft,
  UploadRefused,
  uploadBytesMax,
} from './received-files.ts';

type Upload = {
  /** One of `formats`. */
  readonly format: string;
  /** The file's name, as it is shown. */
  readonly file: string;
  readonly options: AskedOptions & { readonly full?: number | undefined };
  readonly principal: string;
  /** As announced. */
  readonly bytes: number | undefined;
};

/** What refuses an upload, or to stop one. */
type UploadRefusal = {
  readonly code:
    | 'malformed'
    | 'import-under-way'
    | 'import-unknown'
    | 'import-over'
    | 'import-elsewhere'
    | 'closing'
    | UploadRefused['code'];
  readonly detail: string;
  /** The query parameter at fault. */
  readonly parameter?: string;
  /** The import that is in the way. */
  readonly id?: string;
};

type UploadParts = {
  readonly db: Db;
  readonly store: EventStore;
  /** Where the files are kept; made where it is not there. */
  readonly dir: string;
  readonly logger: Logger;
};
type Arriving = {
  readonly body: Readable;
  /** Whether all of it is there. */
  readonly received: PromiseWithResolvers<void>;
  readonly signal: AbortSignal;
};
type Running = {
  readonly id: string;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
};

/** What is sent to this process. Others import beside it, and what both record is known to one. */
export function uploads({ db, store, dir, logger }: UploadParts) {
  let running: Running | undefined;
  let isClosing = false;

  /** Keeps the file and begins to import it; answers once all of it is there. */
  async function start(asked: Upload, body: Readable): Promise<{ id: string } | UploadRefusal> {
    const fault = faultOf(asked);
    if (fault !== undefined) return fault;
    if (isClosing) return { code: 'closing', detail: 'this process is about to end' };
    if (running !== undefined) return underWay(running.id);
    const id = newImportId();
    const stop = new AbortController();
    const received = Promise.withResolvers<void>();
    const ended = importUpload(id, asked, { body, received, signal: stop.signal })
      .catch((err) => {
        // Also where it could not even begin.
        received.reject(err);
        if (!(err instanceof UploadRefused)) logger.warn({ err, import: id }, 'an import failed');
      })
      .finally(() => {
        running = undefined;
      });
    running = { id, stop, ended };
    try {
      await received.promise;
      return { id };
    } catch (error) {
      // Then it is told as it ended by whoever asks next.
      await ended;
      if (!(error instanceof UploadRefused)) throw error;
      return { code: error.code, detail: error.message };
    }
  }

  async function importUpload(
    id: string,
    { format, file, principal, options: asked }: Upload,
    { body, received, signal }: Arriving,
  ): Promise<void> {
    const path = join(dir, id);
    const importer = findImporter(format);
    const options = optionsOf(asked);
    const onFault = (message: string, err: Error) => logger.warn({ err, import: id }, message);
    const begun = { id, path, file, importer, options, principal, runBy: 'service' as const };
    await noted({ db, onFault }, begun, async (follower) => {
      try {
        await removeLeft(dir, (name) => isRunning(db, name));
        await receiveFile(body, { path, bytesMax: uploadBytesMax, signal });
        received.resolve();
        return await importData({ store, importer, path, options, signal, ...follower });
      } catch (error) {
        received.reject(error);
        if (error instanceof UploadRefused && signal.aborted) return nothingImported;
        throw error;
      } finally {
        await rm(path, { force: true }).catch((err) => onFault('its file is left', err));
      }
    });
  }

  /** Stops one after the rows under way; sent again, its file goes on. */
  async function cancel(id: string): Promise<UploadRefusal | undefined> {
    if (running?.id === id) {
      running.stop.abort();
      await running.ended;
      return undefined;
    }
    const found = await findImport(db, id);
    if (found === undefined) return { code: 'import-unknown', detail: `there is no import ${id}` };
    if (found.state === 'stopped') return undefined;
    if (found.state !== 'running') {
      return { code: 'import-over', detail: `the import ${id} is ${found.state}` };
    }
    const where = found.run_by === 'command' ? 'a `frontlog import`' : 'another process';
    return { code: 'import-elsewhere', detail: `${where} runs the import ${id}: stop it there` };
  }

  /** Stops what runs, as `cancel` does, and takes no more. */
  async function close(): Promise<void> {
    isClosing = true;
    running?.stop.abort();
    await running?.ended;
  }

  return { start, cancel, close };
}

function faultOf({ format, options, bytes = 0 }: Upload): UploadRefusal | undefined {
  const fault = optionFault(findImporter(format), options);
  if (fault !== undefined) {
    const { option, detail } = fault;
    return { code: 'malformed', detail: `${option}: ${detail}`, parameter: option };
  }
  if (bytes <= uploadBytesMax) return undefined;
  return { code: 'too-large', detail: largerThan(uploadBytesMax) };
}

async function isRunning(db: Db, id: string): Promise<boolean> {
  return (await findImport(db, id))?.state === 'running';
}

function underWay(id: string): UploadRefusal {
  return { code: 'import-under-way', detail: `the import ${id} is under way`, id };
}

function optionsOf({ conflict, encoding = 'utf-8', published, full }: Upload['options']) {
  const options: DataOptions = {
    ...{ conflictId: conflict, encoding, published },
    full: full === undefined ? undefined : { percentMax: full },
  };
  return options;
}
