/**
 * Kafka's records (version 2 of its message format), encoded in one buffer each. kafkajs makes a
 * zeroed encoder of 512 bytes for a record and for each of its headers, and a buffer for each
 * number in them: for a message of 14 headers that took 25 us, more than all else that the relay
 * does with an event (docs/decisions/0016-records-for-kafka.md).
 */

type Bytes = string | Buffer;
export type KafkaRecord = {
  readonly key?: Bytes | null;
  readonly value: Bytes | null;
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>>;
  /** From the first record of the batch. */
  readonly offsetDelta?: number;
  /** Milliseconds, from the first record of the batch. */
  readonly timestampDelta?: number;
};

/** The record as kafkajs's encoders hold it, byte for byte as its own would. */
export function encodeRecord(record: KafkaRecord): {
  readonly buf: Buffer;
  readonly buffer: Buffer;
} {
  const { key = null, value, headers = {}, offsetDelta = 0, timestampDelta = 0 } = record;
  const fields: (Bytes | null)[] = [];
  for (const name in headers) {
    const values = headers[name] as Bytes | readonly Bytes[];
    if (Array.isArray(values)) for (const one of values) fields.push(name, one);
    else fields.push(name, values as Bytes);
  }
  const count = fields.length / 2;
  const sizes = fields.map(sizeOf);
  const [keySize, valueSize] = [sizeOf(key), sizeOf(value)];
  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + varintSize(count);
  for (const one of [keySize, valueSize, ...sizes]) size += varintSize(one) + Math.max(one, 0);

  const buffer = Buffer.allocUnsafe(varintSize(size) + size);
  let at = writeVarint(buffer, 0, size);
  // No attribute of a record is in use.
  buffer[at] = 0;
  at = writeVarint(buffer, at + 1, timestampDelta);
  at = writeVarint(buffer, at, offsetDelta);
  at = writeBytes(buffer, at, key, keySize);
  at = writeBytes(buffer, at, value, valueSize);
  at = writeVarint(buffer, at, count);
  for (let i = 0; i < fields.length; i += 1) {
    at = writeBytes(buffer, at, fields[i] as Bytes, sizes[i] as number);
  }
  return { buf: buffer, buffer };
}

// -1 is how the format says that there is none.
function sizeOf(bytes: Bytes | null): number {
  return bytes === null ? -1 : Buffer.byteLength(bytes);
}

function writeBytes(buffer: Buffer, at: number, bytes: Bytes | null, size: number): number {
  const from = writeVarint(buffer, at, size);
  if (bytes === null) return from;
  if (typeof bytes === 'string') buffer.write(bytes, from, size, 'utf8');
  else bytes.copy(buffer, from);
  return from + size;
}

// Zigzag, then seven bits a byte, the lowest first; for every safe integer up to 2^52.
function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = zigzag(value);
  let end = at;
  for (; rest > 127; end += 1) {
    buffer[end] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  buffer[end] = rest;
  return end + 1;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
