/**
 * What items show of the register's entries: names of actors and places, what became of reports.
 * A process remembers it, for what was so at a position is so for good.
 */
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Db } from '../db.ts';
import { textArray } from '../eventstore/binary-array.ts';
import { prepared } from '../pooled-client.ts';
import { registry } from './registry.ts';
import { tableMemory } from './table-memory.ts';
import type { At } from './vintage.ts';

/** How many entries are remembered, of some 300 bytes each: those that were asked for last. */
const entriesRememberedMax = 20_000;

/** An entry as it was from `since` until `until`. */
export type EntryVersion = {
  readonly since: number;
  readonly until: number;
  readonly name: string | null;
  /** Of a report. */
  readonly lifecycle: string | null;
};

/** All versions of an entry up to the position `through`: what comes later changes none of them. */
type Remembered = { readonly through: number; readonly versions: readonly EntryVersion[] };

const memoryOf = tableMemory(() => new LRUCache<string, Remembered>({ max: entriesRememberedMax }));

/**
 * What `show` answers. It asks for an entry by its stream and as of a position that is not after
 * `at`; where one is asked for that is not remembered, all those are read, and it is called again.
 */
export async function showWithEntries<Shown>(
  db: Db,
  at: At,
  show: (entryAt: (stream: string, position: number) => EntryVersion | undefined) => Shown,
): Promise<Shown> {
  const entries = memoryOf(db, at.table(registry, 'entries'));
  // What is asked for stays at hand, though it may be forgotten meanwhile.
  const known = new Map<string, Remembered | undefined>();
  const missing = new Set<string>();
  const shown = show((stream, position) => {
    if (!known.has(stream)) known.set(stream, entries.get(stream));
    const entry = known.get(stream);
    if (entry === undefined || entry.through < position) missing.add(stream);
    return versionAt(entry, position);
  });
  if (missing.size === 0) return shown;
  for (const [stream, versions] of await readVersions(db, at, missing)) {
    const entry = { through: at.as_of.position, versions };
    known.set(stream, entry);
    entries.set(stream, entry);
  }
  return show((stream, position) => versionAt(known.get(stream), position));
}

function versionAt(entry: Remembered | undefined, position: number): EntryVersion | undefined {
  return entry?.versions.find(({ since, until }) => since <= position && position < until);
}

async function readVersions(
  db: Db,
  { as_of, table }: At,
  streams: ReadonlySet<string>,
): Promise<Map<string, readonly EntryVersion[]>> {
  const { rows } = await sql<EntryVersion & { key: string }>`${prepared}
    select key, since, until, body ->> 'name' as name, body ->> 'lifecycle' as lifecycle
    from ${sql.table(table(registry, 'entries'))}
    where key = any (${textArray([...streams])}::text[]) and since <= ${as_of.position}`.execute(
    db,
  );
  const found = Map.groupBy(rows, ({ key }) => key);
  // One that is not there by then is none by then: that is remembered too.
  return new Map([...streams].map((stream) => [stream, found.get(stream) ?? []]));
}
