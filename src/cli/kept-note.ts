/** What was published of the log's head and kept elsewhere, as options name it. */
import { readFile } from 'node:fs/promises';
import { publicKeyIn } from '../log-tree/note.ts';
import { UsageError } from './exit.ts';

/** A note of `GET /v1/log/head`; throws `UsageError` where the file cannot be read. */
export async function readNote(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new UsageError(`${option}: there is no file ${path}`);
  }
}

/** The key of notes: the member `verifier_key` that goes with them, or a public key in PEM. */
export async function readPublicKey(option: string, path: string): Promise<Buffer> {
  const key = publicKeyIn(await readNote(option, path));
  if (key !== undefined) return key;
  throw new UsageError(`${option}: ${path} has neither a verifier key nor an Ed25519 key in PEM`);
}
