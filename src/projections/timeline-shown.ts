/** Items of the timeline as they are shown: events with the names of then and the status of now. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import type { Fact } from './projection.ts';
import { type Entry, registry } from './registry.ts';
import { itemOf, streamsOf } from './timeline-item.ts';
import type { At } from './vintage.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);

export const TimelineItem = Type.Object({
  position: Type.Integer(),
  event_id: Type.String(),
  type: Type.String(),
  stream: Type.String(),
  conflict_id: TextOrNull,
  occurred: Type.Unknown(),
  asserted_at: TextOrNull,
  published_at: Type.Union([Type.String(), Type.Null()], {
    description: 'Of the report itself, else of the one in its chain that appeared first.',
  }),
  recorded_at: Type.String(),
  claimant_id: TextOrNull,
  actor_ids: Type.Array(Type.String()),
  places: Type.Array(Type.Unknown()),
  summary: Type.Object(
    { text: Type.String(), language: Type.String() },
    { description: 'Names are those of when it was recorded.' },
  ),
  claim: Type.Optional(
    Type.Object(
      {
        id: Type.String(),
        made: Type.Integer({ description: 'The position of the item that it was made by.' }),
        verification: Type.String(),
        lifecycle: Type.String(),
      },
      { description: 'The claim that it is about, as it is now: corrected, retracted or active.' },
    ),
  ),
  report: Type.Optional(
    Type.Object(
      { id: Type.String(), lifecycle: Type.String() },
      { description: 'The report that it is about, as it is now.' },
    ),
  ),
  data: Type.Unknown(),
});
export type TimelineItem = Static<typeof TimelineItem>;

/** An item as it is found: what it was published with, its event, and the claim it is about. */
export type FoundRow = RecordedEvent & {
  readonly sort_at: string;
  readonly published_at: string | null;
  readonly claim_id: string | null;
  readonly claim_made: number | null;
  readonly verification: string | null;
  readonly lifecycle: string | null;
};

/** The items of a page, in its order. */
export async function showItems(
  db: Db,
  at: At,
  rows: readonly FoundRow[],
): Promise<TimelineItem[]> {
  const facts = rows.map(factOf);
  const versions = await listVersions(db, at, new Set(facts.flatMap(streamsOf)));
  return facts.map((fact, i) => {
    const { claim_id, claim_made, verification, lifecycle, ...row } = rows[i] as FoundRow;
    const entry = (stream: string, position: number) =>
      versions.get(stream)?.find(({ since, until }) => since <= position && position < until);
    const item = itemOf(fact, (category, id) => {
      const name = entry(`${category}-${id}`, fact.position)?.body.name;
      return typeof name === 'string' ? name : id;
    });
    const report = entry(fact.stream, at.as_of.position)?.body;
    return {
      ...item,
      published_at: row.published_at,
      ...(claim_id !== null &&
        claim_made !== null &&
        verification !== null &&
        lifecycle !== null && {
          claim: { id: claim_id, made: claim_made, verification, lifecycle },
        }),
      ...(report !== undefined &&
        typeof report.lifecycle === 'string' && {
          report: { id: report.id, lifecycle: report.lifecycle },
        }),
    };
  });
}

function factOf({ position, id, stream, version, type, ...more }: FoundRow): Fact {
  const { schema_version, recorded_at, data, metadata } = more;
  return upcast({
    ...{ position, id, stream, version, type, schema_version, recorded_at, data, metadata },
  }) as Fact;
}

type EntryVersion = {
  readonly key: string;
  readonly since: number;
  readonly until: number;
  readonly body: Entry;
};

// All versions up to the position of the page: names are those of when an item was recorded.
async function listVersions(
  db: Db,
  { as_of, table }: At,
  streams: ReadonlySet<string>,
): Promise<Map<string, EntryVersion[]>> {
  const { rows } = await sql<EntryVersion>`
    select key, since, until, body from ${sql.table(table(registry, 'entries'))}
    where key = any (${[...streams]}::text[]) and since <= ${as_of.position}`.execute(db);
  return Map.groupBy(rows, ({ key }) => key);
}
