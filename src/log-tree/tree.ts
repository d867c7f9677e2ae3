/**
 * Merkle trees as RFC 9162, section 2.1, has them: the root over the first n leaves, the proof that
 * a leaf is among them, and the proof that a tree begins with the leaves of a smaller one.
 */
import { createHash } from 'node:crypto';

/** The root over the leaves `index * 2^height` to `(index + 1) * 2^height`, all of them there. */
export type ReadNode = (height: number, index: number) => Promise<Buffer>;

/** The root of the tree over nothing. */
export const emptyRoot = createHash('sha256').digest();

/** The hash of a node over two others. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The root over the first `size` leaves. */
export async function rootOf(size: number, read: ReadNode): Promise<Buffer> {
  return size === 0 ? emptyRoot : rangeHash(0, size, read);
}

/** The hashes that lead from leaf `index` (from 0) to the root over the first `size` leaves. */
export async function inclusionPath(index: number, size: number, read: ReadNode) {
  const path: Buffer[] = [];
  for (let [start, end] = [0, size]; end - start > 1; ) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      path.push(await rangeHash(middle, end, read));
      end = middle;
    } else {
      path.push(await rangeHash(start, middle, read));
      start = middle;
    }
  }
  return path.reverse();
}

/** The hashes that show that the first `from` of `to` leaves are those of the tree over `from`. */
export async function consistencyPath(from: number, to: number, read: ReadNode) {
  const path: Buffer[] = [];
  if (from === 0 || from === to) return path;
  let [start, end] = [0, to];
  while (from < end) {
    const middle = start + largestPowerBelow(end - start);
    if (from <= middle) {
      path.push(await rangeHash(middle, end, read));
      end = middle;
    } else {
      path.push(await rangeHash(start, middle, read));
      start = middle;
    }
  }
  // What is left ends at `from`; where it begins at 0 it is the smaller tree's root, known already.
  if (start > 0) path.push(await rangeHash(start, end, read));
  return path.reverse();
}

/** Whether `path` leads from a leaf to the root (RFC 9162, 2.1.3.2). */
export function isIncluded(
  { leaf, index, size, root }: { leaf: Buffer; index: number; size: number; root: Buffer },
  path: readonly Buffer[],
): boolean {
  if (index >= size) return false;
  let [fn, sn] = [index, size - 1];
  let hash = leaf;
  for (const one of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(one, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else hash = nodeHash(hash, one);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hash.equals(root);
}

/** Whether `path` shows that one tree begins with the other (RFC 9162, 2.1.4.2). */
export function isConsistent(
  one: { size: number; root: Buffer },
  other: { size: number; root: Buffer },
  path: readonly Buffer[],
): boolean {
  if (one.size === other.size) return path.length === 0 && one.root.equals(other.root);
  if (one.size > other.size) return false;
  if (one.size === 0) return path.length === 0 && one.root.equals(emptyRoot);
  const [first, ...others] = Number.isInteger(Math.log2(one.size)) ? [one.root, ...path] : path;
  if (first === undefined) return false;
  let [fn, sn] = [one.size - 1, other.size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [before, after] = [first, first];
  for (const hash of others) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      before = nodeHash(hash, before);
      after = nodeHash(hash, after);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else after = nodeHash(after, hash);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && before.equals(one.root) && after.equals(other.root);
}

const nodePrefix = Buffer.of(1);

// The root over the leaves from `start` to before `end`. As trees are split, each part but the last
// is a complete one that begins at a multiple of its size.
async function rangeHash(start: number, end: number, read: ReadNode): Promise<Buffer> {
  const size = end - start;
  const height = Math.log2(size);
  if (Number.isInteger(height)) return read(height, start / size);
  const middle = start + largestPowerBelow(size);
  return nodeHash(await rangeHash(start, middle, read), await rangeHash(middle, end, read));
}

function largestPowerBelow(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}

// Positions go beyond 2^31, where a shift would lose bits.
function half(n: number): number {
  return Math.floor(n / 2);
}
