/**
 * What the items of the timeline tell of their events and the names in them. None of it ever
 * changes, so a process remembers it: of most pages that are asked for, all but what came last.
 */
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import { streamOf } from '../domain/decider.ts';
import { int8Array } from '../eventstore/binary-array.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { prepared } from '../pooled-client.ts';
import { showWithEntries } from './entry-memory.ts';
import { registry } from './registry.ts';
import { tableMemory } from './table-memory.ts';
import { timeline } from './timeline.ts';
import { itemOf, type Told } from './timeline-item.ts';
import type { At } from './vintage.ts';

/** Of items as JSON, those that were asked for last; the process holds some four times as much. */
const rememberedBytesMax = 8 * 1024 * 1024;
/** Of a page that misses more than so many, none is remembered: whoever reads all reads it once. */
const rememberedAtOnceMax = 100;

/** An item but for what became of its claim and its report; not to be changed in place. */
export type ToldItem = {
  readonly item: ReturnType<typeof itemOf> & { readonly published_at: string | null };
  readonly claim_id: string | null;
  /** The item as JSON; absent where it is not remembered. */
  readonly json?: Buffer;
};

type Remembered = Required<ToldItem>;
const memoryOf = tableMemory(
  () =>
    new LRUCache<number, Remembered>({
      maxSize: rememberedBytesMax,
      sizeCalculation: ({ json }) => json.length,
    }),
);

/** The items at `positions`, none of which is after `at`, by their position. */
export async function toldItems(
  db: Db,
  at: At,
  positions: readonly number[],
): Promise<Map<number, ToldItem>> {
  const items = memoryOf(db, `${at.table(timeline, 'items')} ${at.table(registry, 'entries')}`);
  const found = new Map<number, ToldItem>();
  const missing: number[] = [];
  for (const position of positions) {
    const known = items.get(position);
    if (known === undefined) missing.push(position);
    else found.set(position, known);
  }
  if (missing.length === 0) return found;
  const isRemembered = missing.length <= rememberedAtOnceMax;
  for (const told of await readItems(db, at, missing)) {
    const { position } = told.item;
    found.set(position, told);
    if (!isRemembered) continue;
    const remembered = { ...told, json: ownBytesOf(JSON.stringify(told.item)) };
    found.set(position, remembered);
    items.set(position, remembered);
  }
  return found;
}

// `Buffer.from` would cut it from a piece of memory that others share, and so keep theirs.
function ownBytesOf(text: string): Buffer {
  return Buffer.from(new TextEncoder().encode(text).buffer);
}

type Row = Omit<RecordedEvent, 'metadata'> & {
  readonly published_at: string | null;
  readonly claim_id: string | null;
};

async function readItems(db: Db, at: At, positions: readonly number[]): Promise<ToldItem[]> {
  const { rows } = await sql<Row>`${prepared}
    select e.position, e.id, e.stream, e.version, e.type, e.schema_version, e.recorded_at, e.data,
           t.claim_id, t.body ->> 'published_at' as published_at
    from unnest(${int8Array(positions)}::bigint[]) as of(position)
    join ${sql.table(at.table(timeline, 'items'))} t on t.since = of.position
    join events e on e.position = of.position`.execute(db);
  const events = rows.map((row) => upcast(row));
  return showWithEntries(db, at, (entryAt) =>
    events.map((event) => ({
      item: {
        ...itemOf(
          event as Told,
          (category, id) => entryAt(streamOf(category, id), event.position)?.name ?? id,
        ),
        published_at: event.published_at,
      },
      claim_id: event.claim_id,
    })),
  );
}
