/** The timeline in tables and on maps: each item with who said it, and what became of that. */
import type { Db } from '../db.ts';
import { findPoints } from '../projections/places.ts';
import type { TimelineItem } from '../projections/timeline-shown.ts';
import type { At } from '../projections/vintage.ts';
import type { Shown } from './formats.ts';
import { type Feature, geometryAt } from './geojson.ts';

/** On a map, an item is where the places are that its event names, as they were registered then. */
export function shownTimeline(db: Db): Shown<TimelineItem> {
  return { columns, features: (items, at) => featuresOf(db, at, items) };
}

type Place = { readonly place_id: string };
type Span = { from?: string; to?: string; date_precision?: number } | null;

const columns: Shown<TimelineItem>['columns'] = {
  position: ({ position }) => position,
  event_id: ({ event_id }) => event_id,
  type: ({ type }) => type,
  stream: ({ stream }) => stream,
  conflict_id: ({ conflict_id }) => conflict_id,
  occurred_from: ({ occurred }) => (occurred as Span)?.from,
  occurred_to: ({ occurred }) => (occurred as Span)?.to,
  date_precision: ({ occurred }) => (occurred as Span)?.date_precision,
  asserted_at: ({ asserted_at }) => asserted_at,
  published_at: ({ published_at }) => published_at,
  recorded_at: ({ recorded_at }) => recorded_at,
  claimant_id: ({ claimant_id }) => claimant_id,
  actor_ids: ({ actor_ids }) => actor_ids,
  places: ({ places }) => places,
  summary: ({ summary }) => summary.text,
  claim_id: ({ claim }) => claim?.id,
  verification: ({ claim }) => claim?.verification,
  lifecycle: ({ claim }) => claim?.lifecycle,
  data: ({ data }) => data,
};

// What is no claim is attributed too, and nobody has verified it.
async function featuresOf(db: Db, at: At, items: readonly TimelineItem[]): Promise<Feature[]> {
  const idsOf = ({ places }: TimelineItem) => (places as Place[]).map(({ place_id }) => place_id);
  const points = await findPoints(db, at, items.flatMap(idsOf));
  return items.map((item) => {
    const { data: _data, ...properties } = item;
    const { claim, report } = item;
    return {
      ...{ type: 'Feature', id: item.position, geometry: geometryAt(idsOf(item), points) },
      properties: {
        ...properties,
        status: claim?.verification ?? 'unverified',
        lifecycle: (claim ?? report)?.lifecycle ?? 'active',
      },
    };
  });
}
