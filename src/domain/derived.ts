/** What the domain derives from what is said, wherever it stands: the bounds of quantities. */
import { Equal } from 'typebox/value';
import { deriveBounds, type Quantity, quantityFaults, withoutBounds } from './quantity.ts';
import type { Fault } from './times.ts';

/** Where `data` gives bounds that do not follow from what the source says. */
export function derivedFaults(data: unknown, pointer = ''): Fault[] {
  if (typeof data !== 'object' || data === null) return [];
  if (isQuantity(data)) {
    const said = withoutBounds(data);
    const isSaidOnly = Equal(said, data);
    if (isSaidOnly || quantityFaults(said, '').length > 0) return [];
    if (Equal(deriveBounds(said), data)) return [];
    return [{ pointer, detail: 'has bounds that do not follow from its value' }];
  }
  return Object.entries(data).flatMap(([name, one]) => derivedFaults(one, `${pointer}/${name}`));
}

/** `value` as the source says it: without the bounds of the quantities in it. */
export function withoutDerived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDerived);
  if (typeof value !== 'object' || value === null) return value;
  if (isQuantity(value)) return withoutBounds(value);
  return Object.fromEntries(
    Object.entries(value).map(([member, one]) => [member, withoutDerived(one)]),
  );
}

// Bounds stand only in quantities, and these only beside the other members of one.
function isQuantity(value: object): value is Quantity {
  return 'qualifier' in value && 'measure' in value;
}
