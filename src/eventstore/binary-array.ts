/**
 * Arrays of one dimension in PostgreSQL's binary format: dimensions, flags, element type, length
 * and lower bound, then each element behind its length. As text, PostgreSQL would take each array
 * apart character by character, and each quotation mark of JSON would be escaped.
 */

const headerBytes = 20;
const lengthBytes = 4;
const nullLength = -1;

const oids = { int2: 21, int4: 23, int8: 20, timestamptz: 1184, uuid: 2950, text: 25, json: 114 };

export function int2Array(values: readonly number[]): Buffer {
  return ofFixedSize(oids.int2, 2, values, (buffer, value, at) => buffer.writeInt16BE(value, at));
}

export function int4Array(values: readonly number[]): Buffer {
  return ofFixedSize(oids.int4, 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at));
}

/** Of safe integers. */
export function int8Array(values: readonly (number | null)[]): Buffer {
  return int8ArrayOfAll([values]);
}

/** Of all elements of several lists, one list after the other. */
export function int8ArrayOfAll(lists: readonly (readonly (number | null)[])[]): Buffer {
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  const buffer = Buffer.allocUnsafe(headerBytes + count * (lengthBytes + 8));
  let at = writeHeader(buffer, oids.int8, count);
  for (const values of lists) {
    // By index: whoever hands on a number that is no small integer makes an object of it.
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i] as number | null;
      at = buffer.writeInt32BE(value === null ? nullLength : 8, at);
      if (value === null) continue;
      writeInt8(buffer, value, at);
      at += 8;
    }
  }
  return buffer.subarray(0, at);
}

// PostgreSQL counts from 2000.
const epochMs = Date.UTC(2000);

/** Of moments in ms since 1970, to the microsecond; -Infinity is before all. */
export function timestamptzArray(moments: readonly (number | null)[]): Buffer {
  return ofFixedSize(oids.timestamptz, 8, moments, (buffer, ms, at) => {
    const isFirst = ms === Number.NEGATIVE_INFINITY;
    writeInt8(buffer, isFirst ? -(2 ** 63) : Math.round((ms - epochMs) * 1_000), at);
  });
}

function writeInt8(buffer: Buffer, value: number, at: number): void {
  // Each half as a small integer, which is handed on as it is.
  const high = Math.floor(value / 2 ** 32) | 0;
  buffer.writeInt32BE(high, at);
  buffer.writeInt32BE((value - high * 2 ** 32) | 0, at + 4);
}

export function uuidArray(uuids: readonly string[]): Buffer {
  return ofFixedSize(oids.uuid, 16, uuids, (buffer, uuid, at) => {
    buffer.write(uuid.replaceAll('-', ''), at, 'hex');
  });
}

export function textArray(texts: readonly (string | null)[]): Buffer {
  return ofTexts(oids.text, texts);
}

/** Of JSON texts. */
export function jsonArray(texts: readonly string[]): Buffer {
  return ofTexts(oids.json, texts);
}

function ofFixedSize<Value>(
  oid: number,
  size: number,
  values: readonly (Value | null)[],
  write: (buffer: Buffer, value: Value, at: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + values.length * (lengthBytes + size));
  let at = writeHeader(buffer, oid, values.length);
  for (const value of values) {
    if (value === null) {
      at = buffer.writeInt32BE(nullLength, at);
      continue;
    }
    at = buffer.writeInt32BE(size, at);
    write(buffer, value, at);
    at += size;
  }
  return buffer.subarray(0, at);
}

// Where texts are written before it is known how long they are.
const scratchBytes = 4 * 1024 * 1024;
const scratch = Buffer.allocUnsafeSlow(scratchBytes);

function ofTexts(oid: number, texts: readonly (string | null)[]): Buffer {
  // A UTF-16 code unit takes three bytes at most: to count them exactly takes as long as to write.
  const bytesMax = texts.reduce((sum, text) => sum + lengthBytes + 3 * (text?.length ?? 0), 0);
  const fits = headerBytes + bytesMax <= scratchBytes;
  const buffer = fits ? scratch : Buffer.allocUnsafeSlow(headerBytes + bytesMax);
  let at = writeHeader(buffer, oid, texts.length);
  for (const text of texts) {
    if (text === null) {
      at = buffer.writeInt32BE(nullLength, at);
      continue;
    }
    const length = buffer.write(text, at + lengthBytes);
    at = buffer.writeInt32BE(length, at) + length;
  }
  return fits ? Buffer.from(buffer.subarray(0, at)) : buffer.subarray(0, at);
}

function writeHeader(buffer: Buffer, oid: number, length: number): number {
  let at = 0;
  for (const field of [1, 0, oid, length, 1]) at = buffer.writeInt32BE(field, at);
  return at;
}
