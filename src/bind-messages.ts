/**
 * What has PostgreSQL run prepared statements, in its wire protocol: each bound without a portal's
 * name and executed for all its rows, and behind the last one what has it answer.
 */

export type BoundStatement = {
  /** In ASCII, and of one text alone for as long as the connection lasts. */
  readonly name: string;
  /** A number goes as text, a buffer as what it is in PostgreSQL's binary format. */
  readonly values: readonly Value[];
};
export type Value = string | number | Buffer | null | undefined;

const textFormat = 0;
const binaryFormat = 1;
const nullLength = -1;
// Execute, all rows.
const execute = Buffer.from('E\0\0\0\x09\0\0\0\0\0', 'latin1');
const sync = Buffer.from('S\0\0\0\x04', 'latin1');

/** Has PostgreSQL run them one after the other. Where one fails, it passes over those behind it. */
export function bindMessages(statements: readonly BoundStatement[]): Buffer {
  let bytes = sync.length;
  const sizes: number[] = [];
  for (const { name, values } of statements) {
    bytes += headBytes(name, values) + execute.length;
    for (const value of values) {
      const size = sizeOf(value);
      sizes.push(size);
      if (size !== nullLength) bytes += size;
    }
  }
  const messages = Buffer.allocUnsafe(bytes);
  let at = 0;
  let ofSize = 0;
  for (const { name, values } of statements) {
    const from = at;
    messages.write('B', from, 'latin1');
    // Without a portal's name.
    messages[from + 5] = 0;
    at = from + 6 + messages.write(name, from + 6, 'latin1');
    messages[at] = 0;
    at = messages.writeInt16BE(values.length, at + 1);
    for (const value of values) {
      at = messages.writeInt16BE(Buffer.isBuffer(value) ? binaryFormat : textFormat, at);
    }
    at = messages.writeInt16BE(values.length, at);
    for (const value of values) {
      at = messages.writeInt32BE(sizes[ofSize] as number, at);
      ofSize += 1;
      if (Buffer.isBuffer(value)) at += value.copy(messages, at);
      else if (value !== null && value !== undefined) {
        at += messages.write(String(value), at, 'utf8');
      }
    }
    at = messages.writeInt16BE(1, at);
    at = messages.writeInt16BE(textFormat, at);
    messages.writeInt32BE(at - from - 1, from + 1);
    at += execute.copy(messages, at);
  }
  sync.copy(messages, at);
  return messages;
}

// Of Bind, but for its values: code, length, portal, statement, formats, sizes, format of answers.
function headBytes(name: string, { length }: readonly Value[]): number {
  return 1 + 4 + 1 + (name.length + 1) + (2 + 2 * length) + (2 + 4 * length) + (2 + 2);
}

function sizeOf(value: Value): number {
  if (value === null || value === undefined) return nullLength;
  return Buffer.isBuffer(value) ? value.length : Buffer.byteLength(String(value));
}
