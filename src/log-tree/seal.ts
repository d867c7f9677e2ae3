/**
 * Sealing: the log tree follows the log, and its head is signed. Several processes may seal; who
 * holds the head's row does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { type Db, isTransientError } from '../db.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import { entryOf, leafHash, type RawEvent } from './entry.ts';
import type { Head, Signer } from './note.ts';
import {
  grow,
  hashBytes,
  nodeReader,
  type OpenTiles,
  readOpenTiles,
  tileSize,
  writeTiles,
} from './tiles.ts';
import { emptyRoot, rootOf } from './tree.ts';

/** Events a transaction seals at most. */
const batchSizeMax = 5_000;
const batchBytesMax = 8 * 1024 * 1024;
/** A head is signed about so often: its note is a promise to keep. */
const restMs = 1_000;
const backOffMs = 1_000;

export type SealParts = { db: Db; wakeup: Wakeup; signer: Signer; logger: Logger };

/** Seals what is appended, until `signal`. */
export async function runSealing(
  { db, wakeup, signer, logger }: SealParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { hints } = wakeup;
    try {
      const sealed = await sealNext(db, signer);
      if (sealed === batchSizeMax) continue;
      if (sealed === 0) await wakeup.next(hints, signal);
      await sleep(restMs, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      logger[isTransientError(error) ? 'warn' : 'error']({ err: error }, 'sealing waits');
      await sleep(backOffMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Seals the next events; answers how many: 0 also where another process is at it. */
export function sealNext(db: Db, signer: Signer): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    const extent = await lockHead(transaction, signer);
    if (extent === undefined) return 0;
    const { size } = extent;
    // To go on would sign a tree anew, over whatever the log says by now.
    if (extent.leaves > size) throw new HeadBehind(extent);
    const events = await readRaw(transaction, size, batchSizeMax, batchBytesMax);
    if (events.length === 0) return 0;
    const leaves = events.map((event) => leafHash(entryOf(event)));
    const { open, changed } = grow(await readOpenTiles(transaction, size), leaves);
    await writeTiles(transaction, changed);
    await writeHead(transaction, await headOf(transaction, size + leaves.length, open), signer);
    return leaves.length;
  });
}

/** The head was taken away or set back behind our back: the tree is over more events than it. */
class HeadBehind extends Error {
  constructor({ size, leaves }: Extent) {
    super(`the log tree is over ${leaves} events, and its head over ${size}: run frontlog verify`);
  }
}

/** Over how many events the head is, and over how many the tree. */
type Extent = { readonly size: number; readonly leaves: number };

/** The extent as of one moment. */
export async function readExtent(db: Db): Promise<Extent> {
  const { rows } = await sql<Extent>`
    select coalesce((select size from log_head), 0)::bigint as size,
           ${leavesInTiles} as leaves`.execute(db);
  return rows[0] as Extent;
}

// By the last tile alone: each append is sealed.
const leavesInTiles = sql`coalesce((
  select index::bigint * ${sql.lit(tileSize)} + octet_length(hashes) / ${sql.lit(hashBytes)}
  from log_tiles where level = 0 order by index desc limit 1), 0)::bigint`;

/** The head of the tree over the first `size` events, from its tiles. */
export async function headOf(db: Db, size: number, open?: OpenTiles): Promise<Head> {
  return { size, root: await rootOf(size, nodeReader(db, open)) };
}

/** An event with the bytes of data and metadata from the log's begin through it. */
export type StoredEvent = RawEvent & { readonly bytes_through: number };

/** The events after `position` as they are stored. */
export async function readRaw(
  db: Db,
  position: number,
  limit: number,
  bytesMax: number,
): Promise<StoredEvent[]> {
  const { rows } = await sql<StoredEvent>`
    select position, id, stream, version, type, schema_version, recorded_at,
           data::text as data, metadata::text as metadata, bytes_through
    from events
    where position > ${position} and (position = ${position}::bigint + 1 or bytes_through <=
      ${bytesMax} + coalesce((select bytes_through from events where position = ${position}), 0))
    order by position limit ${limit}`.execute(db);
  return rows;
}

// From where to go on; undefined where another process has the row.
async function lockHead(db: Db, signer: Signer): Promise<Extent | undefined> {
  const { rows } = await sql<Extent>`
    select size, ${leavesInTiles} as leaves from log_head for update skip locked`.execute(db);
  if (rows[0] !== undefined) return rows[0];
  const isThere = await db.selectFrom('log_head').select('size').executeTakeFirst();
  if (isThere !== undefined) return undefined;
  await writeHead(db, { size: 0, root: emptyRoot }, signer);
  return readExtent(db);
}

async function writeHead(db: Db, head: Head, { sign, publicKey }: Signer): Promise<void> {
  const values = {
    size: head.size,
    root_hash: head.root,
    signed_at: sql<string>`clock_timestamp()`,
    note: sign(head),
    public_key: publicKey,
  };
  await db
    .insertInto('log_head')
    .values(values)
    .onConflict((on) => on.column('only_row').doUpdateSet(values))
    .execute();
}
