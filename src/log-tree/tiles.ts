/**
 * The tree's nodes as they are kept: tiles of 256 hashes. Level 0 holds the leaves' hashes, each
 * level above it the roots of the full tiles below. What lies between is hashed when asked for: 255
 * hashes at most.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { nodeHash, type ReadNode } from './tree.ts';

export const tileSize = 256;
const tileHeight = Math.log2(tileSize);
export const hashBytes = 32;

type Tile = { readonly level: number; readonly index: number; readonly hashes: Buffer[] };

/** The last, growing tile of each level, lowest first. */
export type OpenTiles = readonly Tile[];

/** The open tiles of a tree over `size` leaves. */
export async function readOpenTiles(db: Db, size: number): Promise<OpenTiles> {
  const open: Tile[] = [];
  for (let [level, count] = [0, size]; count > 0; level += 1) {
    const index = Math.floor(count / tileSize);
    const isEmpty = count % tileSize === 0;
    open.push({ level, index, hashes: isEmpty ? [] : await readTile(db, level, index) });
    count = index;
  }
  return open;
}

/** What `leaves` more make of the tree: its open tiles, and all tiles that are new or changed. */
export function grow(before: OpenTiles, leaves: readonly Buffer[]) {
  const open = before.map((tile) => ({ ...tile, hashes: [...tile.hashes] }));
  const changed = new Set<Tile>();
  const add = (level: number, hash: Buffer): void => {
    const tile = open[level] ?? { level, index: 0, hashes: [] };
    open[level] = tile;
    tile.hashes.push(hash);
    changed.add(tile);
    if (tile.hashes.length < tileSize) return;
    open[level] = { level, index: tile.index + 1, hashes: [] };
    add(level + 1, rootOfHashes(tile.hashes));
  };
  for (const leaf of leaves) add(0, leaf);
  return { open: open as OpenTiles, changed: [...changed] as readonly Tile[] };
}

export async function writeTiles(db: Db, tiles: readonly Tile[]): Promise<void> {
  for (const { level, index, hashes } of tiles) {
    await db
      .insertInto('log_tiles')
      .values({ level, index, hashes: Buffer.concat(hashes) })
      .onConflict((on) =>
        on.columns(['level', 'index']).doUpdateSet({ hashes: sql`excluded.hashes` }),
      )
      .execute();
  }
}

/** Reads nodes, each tile once; the open ones may be given. */
export function nodeReader(db: Db, open: OpenTiles = []): ReadNode {
  const tiles = new Map(open.map((tile) => [keyOf(tile), Promise.resolve(tile.hashes)]));
  return async (height, index) => {
    const level = Math.floor(height / tileHeight);
    // So many hashes of that level are below the node.
    const width = 2 ** (height % tileHeight);
    const tile = { level, index: Math.floor((index * width) / tileSize) };
    const hashes = tiles.get(keyOf(tile)) ?? readTile(db, tile.level, tile.index);
    tiles.set(keyOf(tile), hashes);
    const from = (index * width) % tileSize;
    const below = (await hashes).slice(from, from + width);
    if (below.length < width) throw new TreeIncomplete(level, tile.index);
    return rootOfHashes(below);
  };
}

/** The tree lacks hashes that it should have at its size. */
export class TreeIncomplete extends Error {
  constructor(level: number, index: number) {
    super(`the log tree lacks hashes in tile ${index} of level ${level}`);
  }
}

/** The hashes of a tile; none where there is no such tile. */
export async function readTile(db: Db, level: number, index: number): Promise<Buffer[]> {
  const row = await db
    .selectFrom('log_tiles')
    .select('hashes')
    .where('level', '=', level)
    .where('index', '=', index)
    .executeTakeFirst();
  const bytes = row?.hashes ?? Buffer.alloc(0);
  return Array.from({ length: Math.floor(bytes.length / hashBytes) }, (_, i) =>
    bytes.subarray(i * hashBytes, (i + 1) * hashBytes),
  );
}

// Over as many hashes as a power of two.
function rootOfHashes(hashes: readonly Buffer[]): Buffer {
  let row = hashes;
  while (row.length > 1) {
    const lower = row;
    row = Array.from({ length: lower.length / 2 }, (_, i) =>
      nodeHash(lower[2 * i] as Buffer, lower[2 * i + 1] as Buffer),
    );
  }
  return row[0] as Buffer;
}

function keyOf({ level, index }: Pick<Tile, 'level' | 'index'>): string {
  return `${level} ${index}`;
}
