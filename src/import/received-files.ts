/** Files that arrive, on the disk until they are imported. */
import { statSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A larger file is for `frontlog import`, which reads it where it lies. */
export const uploadBytesMax = 1024 * 1024 * 1024;
/** A file that nobody has written to for so long, and of no import that runs, was left. */
const leftAfterMs = 600_000;

/** A file is not kept; the message says why. */
export class UploadRefused extends Error {
  readonly code: 'import-cancelled' | 'too-large' | 'upload-broken' | 'upload-not-kept';

  constructor(code: UploadRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Why a file is refused for its length. */
export function largerThan(bytesMax: number): string {
  return `a file that is sent has at most ${bytesMax} bytes: \`frontlog import\` takes larger ones`;
}

/**
 * Writes `body` to a file that is not there yet. Throws `UploadRefused` where it is too long,
 * breaks off, cannot be kept, or `signal` is aborted before its end. The body is left as it is
 * where reading stops: the answer goes out on the same connection.
 */
export async function receiveFile(
  body: Readable,
  { path, bytesMax, signal }: { path: string; bytesMax: number; signal: AbortSignal },
): Promise<void> {
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  const stop = () => {
    const detail = 'it was told to stop before all of its file was there';
    stopped.reject(new UploadRefused('import-cancelled', detail));
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const file = await kept(open(path, 'wx', 0o600));
  try {
    const parts = body.iterator({ destroyOnReturn: false });
    for (let bytes = 0; ; ) {
      const { done, value } = await Promise.race([arrived(parts.next()), stopped.promise]);
      if (done) return;
      bytes += (value as Buffer).length;
      if (bytes > bytesMax) throw new UploadRefused('too-large', largerThan(bytesMax));
      await kept(file.writeFile(value as Buffer));
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await file.close();
  }
}

/** Removes from `dir`, which is made, what a process that was killed has left there. */
export async function removeLeft(
  dir: string,
  isRunning: (id: string) => Promise<boolean>,
): Promise<void> {
  await kept(mkdir(dir, { recursive: true }));
  for (const name of await readdir(dir)) {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) continue;
    const path = join(dir, name);
    // Another process may have removed it meanwhile.
    const found = statSync(path, { throwIfNoEntry: false });
    const isLeft = found !== undefined && Date.now() - found.mtimeMs > leftAfterMs;
    if (isLeft && !(await isRunning(name))) await rm(path, { force: true });
  }
}

async function arrived<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch {
    throw new UploadRefused('upload-broken', 'the file did not arrive whole');
  }
}

async function kept<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UploadRefused('upload-not-kept', `the file cannot be kept here: ${code}`);
  }
}
