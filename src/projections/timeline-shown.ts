/** Items of the timeline as they are shown: events with the names of then and the status of now. */
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { showWithEntries } from './entry-memory.ts';
import { idsOf } from './timeline-item.ts';
import { type ToldItem, toldItems } from './told-items.ts';
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

/** An item as it is found: its event's position, and the claim it is about as it is now. */
export type FoundRow = {
  readonly position: number;
  readonly sort_at: string;
  readonly claim_made: number | null;
  readonly verification: string | null;
  readonly lifecycle: string | null;
};

/** Items of a page, in its order; each as JSON too, where all of them are remembered so. */
export type ShownItems = {
  readonly items: TimelineItem[];
  readonly json?: readonly Buffer[];
};

/** The items of a page, in its order. */
export async function showItems(db: Db, at: At, rows: readonly FoundRow[]): Promise<ShownItems> {
  const told = await toldItems(
    db,
    at,
    rows.map(({ position }) => position),
  );
  const shown = await showWithEntries(db, at, (entryAt) =>
    rows.map((row) => {
      const { item, claim_id, json } = told.get(row.position) as ToldItem;
      const [report] = idsOf([item.stream], 'report');
      const lifecycle = report && entryAt(item.stream, at.as_of.position)?.lifecycle;
      const state = {
        ...claimState(row, claim_id),
        ...(report && lifecycle && { report: { id: report, lifecycle } }),
      };
      return { item, json, state };
    }),
  );
  const items = shown.map(({ item, state }) => ({ ...item, ...state }));
  if (shown.some(({ json }) => json === undefined)) return { items };
  return { items, json: shown.map(({ json, state }) => jsonWith(json as Buffer, state)) };
}

function claimState({ claim_made, verification, lifecycle }: FoundRow, id: string | null) {
  if (id === null || claim_made === null || verification === null || lifecycle === null) return {};
  return { claim: { id, made: claim_made, verification, lifecycle } };
}

// As `JSON.stringify` would write both in one.
function jsonWith(told: Buffer, state: object): Buffer {
  const text = JSON.stringify(state);
  if (text === '{}') return told;
  return Buffer.concat([told.subarray(0, -1), Buffer.from(`,${text.slice(1)}`)]);
}
