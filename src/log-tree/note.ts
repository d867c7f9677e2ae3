/**
 * Signed heads: the size and root of the log tree as a checkpoint (c2sp.org/tlog-checkpoint), which
 * is a signed note (c2sp.org/signed-note) with an Ed25519 signature.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export type Head = { readonly size: number; readonly root: Buffer };

/** Signs heads in the name of one log. */
export type Signer = {
  /** The raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer;
  readonly sign: (head: Head) => string;
};

/** The log's name in its notes. */
export function originOf(logId: string): string {
  return `frontlog/${logId}`;
}

/** A signer with the key in the file at `path`, which is made where there is none. */
export async function signerOf(path: string, logId: string): Promise<Signer> {
  const key = createPrivateKey(await readOrMakeKey(path));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${path} holds no Ed25519 key`);
  const publicKey = rawKey(createPublicKey(key));
  const origin = originOf(logId);
  return {
    publicKey,
    sign(head) {
      const text = textOf(origin, head);
      const signature = sign(null, Buffer.from(text), key);
      const line = Buffer.concat([keyId(origin, publicKey), signature]).toString('base64');
      return `${text}\n— ${origin} ${line}\n`;
    },
  };
}

/** The key as a verifier of signed notes takes it. */
export function verifierKey(logId: string, publicKey: Buffer): string {
  const origin = originOf(logId);
  const key = Buffer.concat([ed25519, publicKey]).toString('base64');
  return `${origin}+${keyId(origin, publicKey).toString('hex')}+${key}`;
}

/** The raw key in a verifier key, or in PEM; undefined where it is neither, or not Ed25519. */
export function publicKeyIn(text: string): Buffer | undefined {
  const [, encoded] = /\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)\s*$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (bytes.length === 33 && bytes.subarray(0, 1).equals(ed25519)) return bytes.subarray(1);
  try {
    const key = createPublicKey(text);
    return key.asymmetricKeyType === 'ed25519' ? rawKey(key) : undefined;
  } catch {
    return undefined;
  }
}

/** The head that `note` is of, if `publicKey` signed it for this log; else undefined. */
export function openNote(note: string, logId: string, publicKey: Buffer): Head | undefined {
  const origin = originOf(logId);
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const id = keyId(origin, publicKey);
  const key = createPublicKey({
    key: Buffer.concat([spkiPrefix, publicKey]),
    format: 'der',
    type: 'spki',
  });
  const isSigned = note
    .slice(end + 2)
    .split('\n')
    .some((line) => {
      if (!line.startsWith(`— ${origin} `)) return false;
      const signature = Buffer.from(line.slice(origin.length + 3), 'base64');
      const ofKey = signature.subarray(0, id.length).equals(id);
      return ofKey && verify(null, Buffer.from(text), key, signature.subarray(id.length));
    });
  const [name, size = '', root = ''] = text.split('\n');
  if (!isSigned || name !== origin || !/^(0|[1-9]\d*)$/.test(size)) return undefined;
  return { size: Number(size), root: Buffer.from(root, 'base64') };
}

// What kind of key an id is of.
const ed25519 = Buffer.of(1);
// RFC 8410: what stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo.
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function textOf(origin: string, { size, root }: Head): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

function keyId(name: string, publicKey: Buffer): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(ed25519).update(publicKey);
  return hash.digest().subarray(0, 4);
}

function rawKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length);
}

async function readOrMakeKey(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const made = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  try {
    // For its owner alone, and never over another process's.
    await writeFile(path, made, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFile(path, 'utf8');
}
