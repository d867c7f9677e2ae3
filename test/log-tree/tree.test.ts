/** The tree against RFC 9162's own definitions, and what a proof must not let through. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { leafHash } from '../../src/log-tree/entry.ts';
import {
  consistencyPath,
  emptyRoot,
  inclusionPath,
  isConsistent,
  isIncluded,
  nodeHash,
  type ReadNode,
  rootOf,
} from '../../src/log-tree/tree.ts';

const sizeMax = 70;
const leaves = Array.from({ length: sizeMax }, (_, i) => sha256(Buffer.from(`leaf ${i}`)));
const read: ReadNode = async (height, index) => {
  const size = 2 ** height;
  return merkleTreeHash(leaves.slice(index * size, (index + 1) * size));
};

t.test('the root is as RFC 9162, 2.1.1, defines it', async (t) => {
  t.equal(
    emptyRoot.toString('hex'),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  for (let size = 0; size <= sizeMax; size += 1) {
    t.strictSame(await rootOf(size, read), merkleTreeHash(leaves.slice(0, size)), `${size}`);
  }
});

t.test(
  'the roots are those of the reference implementation of certificate transparency',
  async (t) => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'];
    const hashes = [...inputs, '606162636465666768696a6b6c6d6e6f'].map((hex) =>
      leafHash(Buffer.from(hex, 'hex')),
    );
    const readThose: ReadNode = async (height, index) =>
      merkleTreeHash(hashes.slice(index * 2 ** height, (index + 1) * 2 ** height));
    const roots = {
      1: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      2: 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      8: '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    };
    for (const [size, root] of Object.entries(roots)) {
      t.equal((await rootOf(Number(size), readThose)).toString('hex'), root);
    }
  },
);

t.test('every leaf is shown to be in every tree that it is in', async (t) => {
  for (let size = 1; size <= sizeMax; size += 1) {
    const root = merkleTreeHash(leaves.slice(0, size));
    for (let index = 0; index < size; index += 1) {
      const path = await inclusionPath(index, size, read);
      const leaf = leaves[index] as Buffer;
      const isShown = isIncluded({ leaf, index, size, root }, path);
      if (!isShown) t.fail(`leaf ${index} of ${size}`);
    }
  }
  t.pass();
});

t.test('no other leaf, place, size, root or path is', async (t) => {
  for (const [index, size] of [
    [0, 1],
    [0, 2],
    [4, 7],
    [6, 7],
    [63, 64],
    [64, 70],
  ] as const) {
    const root = merkleTreeHash(leaves.slice(0, size));
    const leaf = leaves[index] as Buffer;
    const path = await inclusionPath(index, size, read);
    const said = { leaf, index, size, root };
    t.ok(isIncluded(said, path));
    const other = sha256(Buffer.from('another'));
    t.notOk(isIncluded({ ...said, leaf: other }, path), 'leaf');
    t.notOk(isIncluded({ ...said, root: other }, path), 'root');
    t.notOk(isIncluded({ ...said, index: size }, path), 'beyond the tree');
    if (size > 1) t.notOk(isIncluded({ ...said, index: index === 0 ? 1 : 0 }, path), 'place');
    t.notOk(isIncluded(said, [...path, other]), 'a longer path');
    if (path.length > 0) {
      t.notOk(isIncluded(said, path.slice(1)), 'a shorter path');
      t.notOk(isIncluded(said, [other, ...path.slice(1)]), 'another path');
    }
  }
});

t.test('every tree begins with every smaller one, and with no other', async (t) => {
  for (let to = 0; to <= sizeMax; to += 1) {
    const after = { size: to, root: merkleTreeHash(leaves.slice(0, to)) };
    for (let from = 0; from <= to; from += 1) {
      const before = { size: from, root: merkleTreeHash(leaves.slice(0, from)) };
      const path = await consistencyPath(from, to, read);
      if (!isConsistent(before, after, path)) t.fail(`${from} of ${to}`);
      const forged = { size: from, root: sha256(Buffer.from('forged')) };
      if (isConsistent(forged, after, path)) t.fail(`forged ${from} of ${to}`);
      const grown = { size: to, root: sha256(Buffer.from('grown')) };
      if (from > 0 && isConsistent(before, grown, path)) t.fail(`${from} of a forged ${to}`);
      if (isConsistent(before, after, [...path, before.root])) t.fail(`${from} by a longer path`);
    }
  }
  t.pass();
});

t.test('a smaller tree does not begin with a larger one', async (t) => {
  const [small, large] = [3, 5].map((size) => ({
    size,
    root: merkleTreeHash(leaves.slice(0, size)),
  })) as [{ size: number; root: Buffer }, { size: number; root: Buffer }];
  t.notOk(isConsistent(large, small, await consistencyPath(3, 5, read)));
});

// MTH of RFC 9162, 2.1.1, over hashes of leaves: the definition, word for word.
function merkleTreeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256(Buffer.alloc(0));
  if (hashes.length === 1) return hashes[0] as Buffer;
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return nodeHash(merkleTreeHash(hashes.slice(0, k)), merkleTreeHash(hashes.slice(k)));
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
