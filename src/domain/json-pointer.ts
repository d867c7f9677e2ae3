/** JSON pointers (RFC 6901) into plain JSON values; nothing is changed in place. */

/** The value at `pointer`, or undefined where there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const name of namesOf(pointer)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name))
      return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/**
 * `value` with `replacement` at `pointer`, removed there if it is undefined. An element may be
 * added at the end of an array, a member to an object; undefined where the pointer leads nowhere.
 */
export function withValueAt(value: unknown, pointer: string, replacement: unknown): unknown {
  return replaced(value, namesOf(pointer), replacement);
}

function replaced(value: unknown, [name, ...rest]: string[], replacement: unknown): unknown {
  if (name === undefined) return replacement;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return replacedElement(value, name, rest, replacement);
  const member = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  const next = rest.length === 0 ? replacement : replaced(member, rest, replacement);
  if (next === undefined && rest.length > 0) return undefined;
  const others = Object.entries(value).filter(([key]) => key !== name);
  return Object.fromEntries(next === undefined ? others : [...others, [name, next]]);
}

function replacedElement(array: unknown[], name: string, rest: string[], replacement: unknown) {
  const index = /^(0|[1-9]\d{0,5})$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY;
  if (index > array.length) return undefined;
  const next = rest.length === 0 ? replacement : replaced(array[index], rest, replacement);
  if (next === undefined && rest.length > 0) return undefined;
  return next === undefined ? array.toSpliced(index, 1) : array.toSpliced(index, 1, next);
}

function namesOf(pointer: string): string[] {
  const names = pointer.split('/').slice(1);
  return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}
