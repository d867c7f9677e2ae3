/** What a command points to: ids in it that must name registered entities. */
import type { TSchema } from 'typebox';
import { streamOf } from './decider.ts';

/** `pointer` is where in the command; `stream` is what must exist. */
export type Reference = { readonly pointer: string; readonly stream: string };

type SchemaNode = {
  'x-refers-to'?: string;
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode | SchemaNode[];
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  const?: unknown;
};

/** Every reference in `value`, by the `x-refers-to` marks of `schema`, which it must satisfy. */
export function findReferences(schema: TSchema, value: unknown, pointer = ''): Reference[] {
  const node = schema as SchemaNode;
  if (typeof value === 'string') {
    const category =
      node['x-refers-to'] ?? node.anyOf?.find((one) => one['x-refers-to'])?.['x-refers-to'];
    return category === undefined ? [] : [{ pointer, stream: streamOf(category, value) }];
  }
  if (Array.isArray(value)) {
    const items = node.items;
    if (items === undefined || Array.isArray(items)) return [];
    return value.flatMap((item, i) => findReferences(items as TSchema, item, `${pointer}/${i}`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const properties = (branchFor(node, value) ?? node).properties ?? {};
  return Object.entries(value).flatMap(([key, member]) => {
    const property = properties[key];
    return property ? findReferences(property as TSchema, member, `${pointer}/${key}`) : [];
  });
}

function branchFor(node: SchemaNode, value: object): SchemaNode | undefined {
  const kind = (value as { kind?: unknown }).kind;
  return node.oneOf?.find((branch) => branch.properties?.kind?.const === kind);
}
