/**
 * Arrays of one dimension in PostgreSQL's binary format: dimensions, flags, element type, length
 * and lower bound, then each element behind its length. As text, PostgreSQL would take each array
 * apart character by character, and each quotation mark of JSON would be escaped.
 */

const headerBytes = 20;
const lengthBytes = 4;
const nullLength = -1;

const oids = {
  ...{ int2: 21, int4: 23, int8: 20, float8: 701 },
  ...{ timestamptz: 1184, uuid: 2950, text: 25, json: 114 },
};

/** Throws a `RangeError` for a number that is none of 16 bits. */
export function int2Array(values: readonly number[]): Buffer {
  return ofFixedSize(oids.int2, 2, values, ({ buffer }, value, at) => {
    buffer.writeInt16BE(value, at);
  });
}

/** Throws a `RangeError` for a number that is none of 32 bits. */
export function int4Array(values: readonly number[]): Buffer {
  return ofFixedSize(oids.int4, 4, values, ({ buffer }, value, at) => {
    buffer.writeInt32BE(value, at);
  });
}

/** Of safe integers. */
export function int8Array(values: readonly (number | null)[]): Buffer {
  return ofFixedSize(oids.int8, 8, values, ({ view }, value, at) => writeInt8(view, value, at));
}

/** Of all safe integers of several lists, one list after the other. */
export function int8ArrayOfAll(lists: readonly (readonly number[])[]): Buffer {
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  const { buffer, view } = allocate(headerBytes + count * (lengthBytes + 8));
  let at = writeHeader(view, oids.int8, count);
  for (const values of lists) {
    for (let i = 0; i < values.length; i += 1) {
      view.setInt32(at, 8);
      writeInt8(view, values[i] as number, at + lengthBytes);
      at += lengthBytes + 8;
    }
  }
  return buffer;
}

export function float8Array(values: readonly number[]): Buffer {
  return ofFixedSize(oids.float8, 8, values, ({ view }, value, at) => view.setFloat64(at, value));
}

// PostgreSQL counts from 2000.
const epochMs = Date.UTC(2000);

/** Of moments in ms since 1970, to the microsecond; -Infinity is before all. */
export function timestamptzArray(moments: readonly (number | null)[]): Buffer {
  return ofFixedSize(oids.timestamptz, 8, moments, ({ view }, ms, at) => {
    const isFirst = ms === Number.NEGATIVE_INFINITY;
    writeInt8(view, isFirst ? -(2 ** 63) : Math.round((ms - epochMs) * 1_000), at);
  });
}

function writeInt8(view: DataView, value: number, at: number): void {
  // Each half as a small integer, which is handed on as it is.
  const high = Math.floor(value / 2 ** 32) | 0;
  view.setInt32(at, high);
  view.setInt32(at + 4, (value - high * 2 ** 32) | 0);
}

export function uuidArray(uuids: readonly string[]): Buffer {
  return ofFixedSize(oids.uuid, 16, uuids, ({ buffer }, uuid, at) => {
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
  write: (space: Space, value: Value, at: number) => void,
): Buffer {
  const space = allocate(headerBytes + values.length * (lengthBytes + size));
  const { buffer, view } = space;
  let at = writeHeader(view, oid, values.length);
  // By index: whoever hands on a number that is no small integer makes an object of it.
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as Value | null;
    view.setInt32(at, value === null ? nullLength : size);
    at += lengthBytes;
    if (value === null) continue;
    write(space, value, at);
    at += size;
  }
  return buffer.subarray(0, at);
}

/** Where an array is written, and what writes numbers there. */
type Space = { readonly buffer: Buffer; readonly view: DataView };

function allocate(bytes: number): Space {
  const buffer = Buffer.allocUnsafe(bytes);
  return { buffer, view: viewOf(buffer) };
}

// What V8 writes into by itself, and checks nothing: the methods of Buffer check each number.
function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

// Where texts are written before it is known how long they are.
const scratchBytes = 4 * 1024 * 1024;
const scratch = Buffer.allocUnsafeSlow(scratchBytes);
const viewOfScratch = viewOf(scratch);

function ofTexts(oid: number, texts: readonly (string | null)[]): Buffer {
  // A UTF-16 code unit takes three bytes at most: to count them exactly takes as long as to write.
  const bytesMax = texts.reduce((sum, text) => sum + lengthBytes + 3 * (text?.length ?? 0), 0);
  const fits = headerBytes + bytesMax <= scratchBytes;
  const buffer = fits ? scratch : Buffer.allocUnsafeSlow(headerBytes + bytesMax);
  const view = fits ? viewOfScratch : viewOf(buffer);
  let at = writeHeader(view, oid, texts.length);
  for (const text of texts) {
    const length = text === null ? nullLength : buffer.write(text, at + lengthBytes);
    view.setInt32(at, length);
    at += lengthBytes + Math.max(length, 0);
  }
  return fits ? Buffer.from(buffer.subarray(0, at)) : buffer.subarray(0, at);
}

function writeHeader(view: DataView, oid: number, length: number): number {
  let at = 0;
  for (const field of [1, 0, oid, length, 1]) {
    view.setInt32(at, field);
    at += 4;
  }
  return at;
}
