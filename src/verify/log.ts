/**
 * Verifies the log: that nothing in it was changed, removed, added or moved since it was recorded.
 * One pass, a page at a time, so memory does not grow with the log.
 */
import type { ValidateFunction } from 'ajv';
import { type NotNull, sql } from 'kysely';
import type { Db } from '../db.ts';
import { catalogue, type EventType, upcast } from '../domain/catalogue.ts';
import { strictAjv } from '../http/validation.ts';
import { entryOf, leafHash, type RawEvent } from '../log-tree/entry.ts';
import { openNote } from '../log-tree/note.ts';
import { readExtent, readRaw, type StoredEvent } from '../log-tree/seal.ts';
import { grow, nodeReader, type OpenTiles, readTile, tileSize } from '../log-tree/tiles.ts';
import { rootOf } from '../log-tree/tree.ts';
import type { Finding } from './finding.ts';

const pageSizeMax = 5_000;
const pageBytesMax = 8 * 1024 * 1024;

export type VerifiedLog = {
  /** Events read, and how many of them the signed head is over. */
  readonly events: number;
  readonly sealed: number;
  /** The first of each kind. */
  readonly findings: readonly Finding[];
};

/** Reads the whole log. `onPage` hears how far it has come. */
export async function verifyLog(
  db: Db,
  onPage: (position: number) => void = () => {},
): Promise<VerifiedLog> {
  const findings = new Map<Finding['check'], Finding>();
  const find = (check: Finding['check'], position: number | null, detail: string) => {
    if (!findings.has(check)) findings.set(check, { check, position, detail });
  };
  await checkFirst(db, find);
  await checkVersions(db, find);
  await checkTimes(db, find);
  await checkExtent(db, find);
  const head = await db
    .selectFrom(['log_head', 'log_identity'])
    .selectAll()
    .$narrowType<{ log_id: NotNull }>()
    .executeTakeFirst();
  const sealed = head?.size ?? 0;
  let last = { position: 0, bytes: 0 };
  let open: OpenTiles = [];
  for (let ahead = readPage(db, 0); ; ) {
    const page = await ahead;
    const end = page.at(-1)?.position;
    if (end === undefined) break;
    ahead = readPage(db, end);
    // What fails before it is waited for is reported when it is.
    ahead.catch(() => undefined);
    for (const event of page) {
      last = checkPlace(last, event, find);
      checkContent(event, find);
    }
    const leaves = page.filter(({ position }) => position <= sealed).map(leafOf);
    open = await checkTiles(db, open, leaves, find);
    onPage(end);
  }
  if (last.position < sealed) {
    const detail = `the log ends at ${last.position}, and its signed head is over ${sealed} events`;
    find('positions', last.position + 1, detail);
  }
  if (head !== undefined && !findings.has('hashes') && !findings.has('positions')) {
    const root = await rootOf(sealed, nodeReader(db, open));
    const signed = openNote(head.note, head.log_id, head.public_key);
    if (!root.equals(head.root_hash)) find('head', sealed, 'the root is not the one of the tree');
    else if (signed === undefined || signed.size !== sealed || !signed.root.equals(root)) {
      find('head', sealed, 'the note is not of this head, or not signed by the key beside it');
    }
  }
  return { events: last.position, sealed, findings: [...findings.values()] };
}

type Find = (check: Finding['check'], position: number | null, detail: string) => void;

function readPage(db: Db, position: number): Promise<StoredEvent[]> {
  return readRaw(db, position, pageSizeMax, pageBytesMax);
}

async function checkFirst(db: Db, find: Find): Promise<void> {
  const { rows } = await sql<{ position: number }>`
    select position from events where position < 1 order by position limit 1`.execute(db);
  for (const { position } of rows) find('positions', position, 'the log begins with position 1');
}

// By the index of streams: the database does not hold them in memory either.
async function checkVersions(db: Db, find: Find): Promise<void> {
  const { rows } = await sql<{ position: number; stream: string; version: number }>`
    select position, stream, version from (
      select position, stream, version,
             row_number() over (partition by stream order by version) as expected,
             lag(position) over (partition by stream order by version) as before
      from events) as e
    where version <> expected or before > position order by position limit 1`.execute(db);
  for (const { position, stream, version } of rows) {
    find('versions', position, `version ${version} of ${stream} does not follow the one before`);
  }
}

async function checkTimes(db: Db, find: Find): Promise<void> {
  const { rows } = await sql<{ position: number }>`
    select position from (select position, recorded_at,
      lag(recorded_at) over (order by position) as before from events) as e
    where recorded_at < before order by position limit 1`.execute(db);
  for (const { position } of rows) find('times', position, 'was recorded before the one before it');
}

// A tree is written with its head: one that is over more was left when the head was taken away.
async function checkExtent(db: Db, find: Find): Promise<void> {
  const { size, leaves } = await readExtent(db);
  if (leaves <= size) return;
  find('head', size + 1, `the tree is over ${leaves} events, and the signed head over ${size}`);
}

function checkPlace(
  last: { position: number; bytes: number },
  { position, data, metadata, bytes_through }: StoredEvent,
  find: Find,
) {
  if (position !== last.position + 1) {
    find('positions', last.position + 1, `is missing; the next event is at ${position}`);
  }
  const bytes = last.bytes + Buffer.byteLength(data) + Buffer.byteLength(metadata);
  if (bytes !== bytes_through) find('sizes', position, 'its bytes do not add up to those stored');
  return { position, bytes: bytes_through };
}

const ajv = strictAjv();
const validators = new Map<string, ValidateFunction>();

function checkContent({ position, type, schema_version, data }: RawEvent, find: Find): void {
  try {
    const event = upcast({ type, schema_version, data: JSON.parse(data) });
    let validate = validators.get(type);
    if (validate === undefined) {
      validate = ajv.compile(catalogue[type as EventType]);
      validators.set(type, validate);
    }
    if (validate(event.data)) return;
    find('schemas', position, `${type}: ${ajv.errorsText(validate.errors, { dataVar: 'data' })}`);
  } catch (error) {
    find('schemas', position, (error as Error).message);
  }
}

// Every tile that the leaves fill or begin is to be there as they make it.
async function checkTiles(
  db: Db,
  before: OpenTiles,
  leaves: readonly Buffer[],
  find: Find,
): Promise<OpenTiles> {
  const { open, changed } = grow(before, leaves);
  for (const { level, index, hashes } of changed) {
    const stored = await readTile(db, level, index);
    const differing = hashes.findIndex((hash, i) => !stored[i]?.equals(hash));
    if (differing === -1) continue;
    if (level === 0) {
      const position = index * tileSize + differing + 1;
      find('hashes', position, 'is not the event whose hash was sealed');
    } else find('hashes', null, `tile ${index} of level ${level} is not that of the tiles below`);
  }
  return open;
}

function leafOf(event: RawEvent): Buffer {
  return leafHash(entryOf(event));
}
