/** Ids that the service makes. */
import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

const idBytes = 16;
const pool = new Uint8Array(256 * idBytes);
let used = pool.length;

/**
 * A UUIDv7 (RFC 9562). Random bytes are drawn by the page: to ask the kernel for each id would cost
 * a twentieth of an append.
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + idBytes);
  used += idBytes;
  return uuidv7({ random });
}
