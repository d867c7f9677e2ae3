/** Boxes on the map, as a query gives them. */
import { Type } from 'typebox';
import type { Box } from '../projections/boxes.ts';

export const BoxText = Type.String({
  pattern: '^-?\\d{1,3}(\\.\\d{1,15})?(,-?\\d{1,3}(\\.\\d{1,15})?){3}$',
  description:
    'West, south, east, north in degrees (RFC 7946, 5): a place whose point is in it. West ' +
    'is greater than east where it crosses the antimeridian.',
});

/** The box that the text names; null where no such box is on earth. */
export function boxOf(text: string): Box | null {
  const [west, south, east, north] = text.split(',').map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const isOnEarth =
    Math.abs(west) <= 180 && Math.abs(east) <= 180 && south >= -90 && south <= north && north <= 90;
  return isOnEarth ? [west, south, east, north] : null;
}
