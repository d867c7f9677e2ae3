/** Things at places, as maps read them: GeoJSON (RFC 7946). */
import { type TSchema, Type } from 'typebox';
import { AsOf } from '../projections/vintage.ts';

/**
 * RFC 7946: `null` geometry is a thing that is not located. Whose word it is and how far it is
 * checked stand beside it, so that no map can show one without the other.
 */
export type Feature = {
  readonly type: 'Feature';
  readonly id: string | number;
  readonly geometry: Geometry | null;
  readonly properties: Readonly<Record<string, unknown>> & {
    readonly claimant_id: string | null;
    readonly status: string | null;
  };
};
/** Longitude and latitude (WGS 84). */
export type Position = readonly [number, number];
export type Geometry =
  | { readonly type: 'Point'; readonly coordinates: Position }
  | { readonly type: 'MultiPoint'; readonly coordinates: readonly Position[] };

/** The geometry of what is at these points; null where none is known. */
export function geometryOf(points: readonly Position[]): Geometry | null {
  const [first] = points;
  if (first === undefined) return null;
  if (points.length === 1) return { type: 'Point', coordinates: first };
  return { type: 'MultiPoint', coordinates: points };
}

/** The geometry of what is at these places, each of which may be named more than once. */
export function geometryAt(
  placeIds: readonly string[],
  known: ReadonlyMap<string, Position>,
): Geometry | null {
  const points = [...new Set(placeIds)].map((id) => known.get(id));
  return geometryOf(points.filter((point) => point !== undefined));
}

/** The schema of a feature. */
export const FeatureSchema = Type.Object({
  type: Type.Literal('Feature'),
  id: Type.Union([Type.String(), Type.Integer()]),
  geometry: Type.Union([
    Type.Object({
      type: Type.String({ enum: ['Point', 'MultiPoint'] }),
      coordinates: Type.Array(Type.Unknown()),
    }),
    Type.Null(),
  ]),
  properties: Type.Object({
    claimant_id: Type.Union([Type.String(), Type.Null()]),
    status: Type.Union([Type.String(), Type.Null()]),
  }),
});

/** The schema of a page of features; its foreign members are those of a page of items. */
export function featureCollection(next_cursor: TSchema): TSchema {
  return Type.Object(
    {
      type: Type.Literal('FeatureCollection'),
      features: Type.Array(FeatureSchema),
      next_cursor,
      as_of: AsOf,
    },
    {
      description: 'RFC 7946; `geometry` is null where no point is known.',
      examples: [exampleCollection],
    },
  );
}

const exampleCollection = {
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      id: 42,
      geometry: { type: 'Point', coordinates: [37.26, 49.21] },
      properties: { claimant_id: 'ru-mod', status: 'could_not_verify' },
    },
  ],
  next_cursor: null,
  as_of: { position: 42, known_at: '2022-09-13T00:00:00Z', valid_at: null, projection_version: 1 },
};
