/** What the log tree is over: an event, byte for byte as it is stored. */
import { createHash } from 'node:crypto';

/** An event with its JSON as text, because parsing would lose bytes. */
export type RawEvent = {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schema_version: number;
  /** RFC 3339, UTC, as the API gives it. */
  readonly recorded_at: string;
  readonly data: string;
  readonly metadata: string;
};

/** In this order they are an entry. */
const members = [
  'position',
  'id',
  'stream',
  'version',
  'type',
  'schema_version',
  'recorded_at',
  'data',
  'metadata',
] as const;

const lengthBytes = 4;

/**
 * The bytes that an event is hashed as: each of its members as UTF-8 text, behind its length in
 * bytes as 4 bytes, the highest first. No two events have the same.
 */
export function entryOf(event: RawEvent): Buffer {
  const texts = members.map((member) => String(event[member]));
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const entry = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + lengthBytes + length, 0));
  let at = 0;
  for (const [i, text] of texts.entries()) {
    at = entry.writeUInt32BE(lengths[i] as number, at);
    at += entry.write(text, at);
  }
  return entry;
}

/** The hash of a leaf (RFC 9162, 2.1.1). */
export function leafHash(entry: Buffer): Buffer {
  return createHash('sha256').update(leafPrefix).update(entry).digest();
}

const leafPrefix = Buffer.of(0);
