/** Bytes written one behind the other, as Kafka's protocol has them (its guide: protocol types). */

export type Bytes = string | Uint8Array;

const startBytes = 64 * 1024;
/** Up to here a loop over characters is faster than the call that writes any string. */
const shortMax = 48;

/**
 * One buffer that grows, and is used again after `clear`: a new one of some MiB each time would
 * have to be zeroed, and its pages fetched. Numbers are big-endian.
 */
export class ByteWriter {
  private buffer = Buffer.allocUnsafe(startBytes);
  /** Where the next byte goes. */
  at = 0;

  /** Forgets what was written. */
  clear(): void {
    this.at = 0;
  }

  /** A copy of what was written. */
  copy(): Buffer {
    const copied = Buffer.allocUnsafe(this.at);
    this.buffer.copy(copied, 0, 0, this.at);
    return copied;
  }

  /** What was written from `from` on; valid until more is written. */
  since(from: number): Uint8Array {
    return this.buffer.subarray(from, this.at);
  }

  int8(value: number): void {
    this.reserve(1);
    this.at = this.buffer.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.reserve(2);
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.reserve(8);
    this.at = this.buffer.writeBigInt64BE(value, this.at);
  }

  /** Room for four bytes that are known later; answers where they are, for `fill`. */
  hole(): number {
    this.int32(0);
    return this.at - 4;
  }

  /** Fills a hole; also numbers from 2^31 to 2^32 - 1. */
  fill(hole: number, value: number): void {
    this.buffer.writeInt32BE(value | 0, hole);
  }

  /** NULLABLE_STRING. */
  string(value: string | null): void {
    if (value === null) {
      this.int16(-1);
      return;
    }
    const size = Buffer.byteLength(value);
    this.int16(size);
    this.reserve(size);
    this.buffer.write(value, this.at);
    this.at += size;
  }

  /** VARINT, of any safe integer up to 2^52: zigzag, then seven bits a byte, the lowest first. */
  varint(value: number): void {
    this.reserve(8);
    let rest = zigzag(value);
    for (; rest > 127; this.at += 1) {
      this.buffer[this.at] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.at] = rest;
    this.at += 1;
  }

  /** Bytes behind their number as a VARINT; -1 is how the format says that there are none. */
  varBytes(bytes: Bytes | null): void {
    if (bytes === null) this.varint(-1);
    else if (typeof bytes === 'string') this.varText(bytes);
    else {
      this.varint(bytes.length);
      this.reserve(bytes.length);
      this.buffer.set(bytes, this.at);
      this.at += bytes.length;
    }
  }

  /** What `write` writes, behind its size as a VARINT; where it is far from `usual` it is moved. */
  sized(usual: number, write: () => void): void {
    const from = this.at;
    this.at += varintSize(usual);
    this.reserve(0);
    write();
    this.putSize(from, varintSize(usual));
  }

  private varText(text: string): void {
    const { length } = text;
    // A code unit of UTF-16 takes three bytes of UTF-8 at most.
    this.reserve(3 * length + 8);
    if (length <= shortMax && this.isAscii(text)) {
      this.buffer[this.at] = 2 * length;
      this.at += 1 + length;
      return;
    }
    const from = this.at;
    const room = varintSize(length);
    this.at += room;
    this.at += this.buffer.write(text, this.at);
    this.putSize(from, room);
  }

  // Writes it, behind a byte for its size, as far as it is.
  private isAscii(text: string): boolean {
    const { buffer } = this;
    const from = this.at + 1;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      buffer[from + i] = code;
    }
    return true;
  }

  // Of what is behind the `room` bytes at `from`, moved where its size takes more of them or fewer.
  private putSize(from: number, room: number): void {
    const size = this.at - from - room;
    const needed = varintSize(size);
    if (needed !== room) {
      this.reserve(8);
      this.buffer.copyWithin(from + needed, from + room, this.at);
    }
    this.at = from;
    this.varint(size);
    this.at += size;
  }

  private reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.buffer.length));
    this.buffer.copy(larger, 0, 0, Math.min(this.at, this.buffer.length));
    this.buffer = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
