/** Things that belong together because they share a key, directly or through others. */

/**
 * A partition of `items`: two are in one group when they share a key or a chain of items that share
 * keys leads from one to the other. Groups and their items keep the order of `items`.
 */
export function connectedBy<T>(
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
): readonly (readonly T[])[] {
  if (items.length === 1) return [items];
  const parents = new Map<string, string>();
  for (const item of items) {
    const [first, ...others] = keysOf(item);
    if (first === undefined) continue;
    for (const key of others) parents.set(rootOf(parents, key), rootOf(parents, first));
  }
  const groups = Map.groupBy(items, (item) => {
    const [first] = keysOf(item);
    return first === undefined ? item : rootOf(parents, first);
  });
  return [...groups.values()];
}

function rootOf(parents: Map<string, string>, key: string): string {
  let root = key;
  for (let next = parents.get(root); next !== undefined && next !== root; ) {
    root = next;
    next = parents.get(root);
  }
  // Shortens the way for the next time.
  for (let at = key; at !== root; ) {
    const next = parents.get(at) as string;
    parents.set(at, root);
    at = next;
  }
  return root;
}
