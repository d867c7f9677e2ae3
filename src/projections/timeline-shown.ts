/** Items of the timeline as they are shown: events with the names of then and the status of now. */
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import { streamOf } from '../domain/decider.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { showWithEntries } from './entry-memory.ts';
import { idsOf, itemOf, type Told } from './timeline-item.ts';
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
export type FoundRow = Omit<RecordedEvent, 'metadata'> & {
  readonly sort_at: string;
  readonly published_at: string | null;
  readonly claim_id: string | null;
  readonly claim_made: number | null;
  readonly verification: string | null;
  readonly lifecycle: string | null;
};

/** The items of a page, in its order. */
export function showItems(db: Db, at: At, rows: readonly FoundRow[]): Promise<TimelineItem[]> {
  const found = rows.map((row) => upcast(row));
  return showWithEntries(db, at, (entryAt) =>
    found.map((row) => {
      const { stream, position, claim_id, claim_made, verification, lifecycle } = row;
      const item = itemOf(
        row as Told,
        (category, id) => entryAt(streamOf(category, id), position)?.name ?? id,
      );
      const [report] = idsOf([stream], 'report');
      const state = report && entryAt(stream, at.as_of.position)?.lifecycle;
      return {
        ...item,
        published_at: row.published_at,
        ...(claim_id !== null &&
          claim_made !== null &&
          verification !== null &&
          lifecycle !== null && {
            claim: { id: claim_id, made: claim_made, verification, lifecycle },
          }),
        ...(report && state && { report: { id: report, lifecycle: state } }),
      };
    }),
  );
}
