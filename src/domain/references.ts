/** What a command points to: ids in it that must name registered entities. */
import type { TSchema } from 'typebox';
import { streamOf } from './decider.ts';

/** `pointer` is where in the command; `stream` is what must exist. */
export type Reference = { readonly pointer: string; readonly stream: string };

type SchemaNode = {
  'x-refers-to'?: string;
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  const?: unknown;
};

/** Every reference in `value`, by the `x-refers-to` marks of `schema`, which it must satisfy. */
export function findReferences(schema: TSchema, value: unknown): Reference[] {
  const found: Reference[] = [];
  collect(schema as SchemaNode, value, '', found);
  return found;
}

function collect(node: SchemaNode, value: unknown, pointer: string, found: Reference[]): void {
  if (!mayRefer(node)) return;
  if (typeof value === 'string') {
    const category =
      node['x-refers-to'] ?? node.anyOf?.find((one) => one['x-refers-to'])?.['x-refers-to'];
    if (category !== undefined) found.push({ pointer, stream: streamOf(category, value) });
  } else if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return;
    for (const [i, item] of value.entries()) collect(items, item, `${pointer}/${i}`, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, property] of referringMembers(branchFor(node, value) ?? node)) {
      const member = (value as Record<string, unknown>)[name];
      if (member !== undefined) collect(property, member, `${pointer}/${name}`, found);
    }
  }
}

function branchFor(node: SchemaNode, value: object): SchemaNode | undefined {
  const kind = (value as { kind?: unknown }).kind;
  return node.oneOf?.find((branch) => branch.properties?.kind?.const === kind);
}

// Most of a command holds no reference: what a schema has none of is passed over.
const members = new WeakMap<SchemaNode, readonly [string, SchemaNode][]>();

function referringMembers(node: SchemaNode): readonly [string, SchemaNode][] {
  const known = members.get(node);
  if (known !== undefined) return known;
  const found = Object.entries(node.properties ?? {}).filter(([, property]) => mayRefer(property));
  members.set(node, found);
  return found;
}

const referring = new WeakMap<SchemaNode, boolean>();

function mayRefer(node: SchemaNode): boolean {
  const known = referring.get(node);
  if (known !== undefined) return known;
  const { properties = {}, items, anyOf = [], oneOf = [] } = node;
  const parts = [...Object.values(properties), ...anyOf, ...oneOf];
  if (items !== undefined) parts.push(items);
  const found = node['x-refers-to'] !== undefined || parts.some(mayRefer);
  referring.set(node, found);
  return found;
}
