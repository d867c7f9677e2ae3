/** Claims in tables and on maps: each with its claimant and its status. */
import type { Db } from '../db.ts';
import type { Claim } from '../projections/claim-shape.ts';
import { findPoints } from '../projections/places.ts';
import type { At } from '../projections/vintage.ts';
import type { Shown } from './formats.ts';
import { type Feature, geometryAt } from './geojson.ts';

/** On a map, a claim is where the places are that it names, as they were registered then. */
export function shownClaims(db: Db): Shown<Claim> {
  return { columns, features: (items, at) => featuresOf(db, items, at) };
}

type Span = NonNullable<Claim['occurred']>;
type Measured = {
  side_id?: string;
  controller_id?: string | null;
  quantity?: Readonly<Record<string, unknown>>;
};

const columns: Shown<Claim>['columns'] = {
  id: ({ id }) => id,
  conflict_id: ({ conflict_id }) => conflict_id,
  claimant_id: ({ claimant_id }) => claimant_id,
  verification: ({ verification }) => verification.status,
  lifecycle: ({ lifecycle }) => lifecycle,
  kind: ({ proposition }) => proposition.kind,
  side_id: ({ proposition }) => (proposition as Measured).side_id,
  controller_id: ({ proposition }) => (proposition as Measured).controller_id,
  low: ({ proposition }) => (proposition as Measured).quantity?.low,
  best: ({ proposition }) => (proposition as Measured).quantity?.best,
  high: ({ proposition }) => (proposition as Measured).quantity?.high,
  unit: ({ proposition }) => (proposition as Measured).quantity?.unit,
  measure: ({ proposition }) => (proposition as Measured).quantity?.measure,
  occurred_from: ({ occurred }) => (occurred as Span | null)?.from,
  occurred_to: ({ occurred }) => (occurred as Span | null)?.to,
  date_precision: ({ occurred }) => (occurred as Span | null)?.date_precision,
  asserted_at: ({ asserted_at }) => asserted_at,
  places: ({ places }) => places,
  place_precision: ({ place_precision }) => place_precision,
  independent_origins: ({ verification }) => verification.independent_origins,
  assessments: ({ assessments }) => assessments,
  report_ids: ({ report_ids }) => report_ids,
  recorded_at: ({ recorded_at }) => recorded_at,
  position: ({ position }) => position,
  proposition: ({ proposition }) => proposition,
};

// A claim over several places stays one: at all of their points together.
async function featuresOf(db: Db, items: readonly Claim[], at: At): Promise<Feature[]> {
  const idsOf = ({ places }: Pick<Claim, 'places'>) => places.map(({ place_id }) => place_id);
  const known = await findPoints(db, at, items.flatMap(idsOf));
  return items.map(({ id, places, verification, ...claim }) => {
    const { conflict_id, claimant_id, lifecycle, proposition, occurred, asserted_at } = claim;
    return {
      type: 'Feature',
      id,
      geometry: geometryAt(idsOf({ places }), known),
      properties: {
        ...{ conflict_id, claimant_id, status: verification.status, lifecycle, proposition },
        ...{ occurred, asserted_at, places, place_precision: claim.place_precision },
      },
    };
  });
}
