/** What a command points to: ids in it that must name registered entities. */
import type { TSchema } from 'typebox';
import { streamOf } from './decider.ts';

/** `pointer` is where in the command; `stream` is what must exist. */
export type Reference = { readonly pointer: string; readonly stream: string };

/** Every reference in `value`, by the `x-refers-to` marks of `schema`, which it must satisfy. */
export function findReferences(schema: TSchema, value: unknown): Reference[] {
  const found: Reference[] = [];
  const path: (string | number)[] = [];
  visit(schema, value, path, (category, id) => {
    const pointer = path.map((part) => `/${part}`).join('');
    found.push({ pointer, stream: streamOf(category, id) });
  });
  return found;
}

/** Tells of every reference in `value` that `findReferences` finds, without names and pointers. */
export function eachReference(schema: TSchema, value: unknown, each: EachReference): void {
  visit(schema, value, undefined, each);
}

/** The streams that `findReferences` finds, each once, after those given as `before`. */
export function streamsReferredTo(
  schema: TSchema,
  value: unknown,
  before: readonly string[] = [],
): string[] {
  const streams = [...before];
  visit(schema, value, undefined, (category, id) => {
    const stream = streamOf(category, id);
    // There are few: a set would cost more.
    if (!streams.includes(stream)) streams.push(stream);
  });
  return streams;
}

type SchemaNode = {
  'x-refers-to'?: string;
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  const?: unknown;
};

/** Where in a value of a schema references can be: the rest of it is never looked at. */
type Finder = {
  /** What a string refers to. */
  readonly category: string | undefined;
  readonly items: Finder | undefined;
  readonly members: readonly (readonly [name: string, finder: Finder])[];
  /** Of a union, by the member `kind` that tells its branches apart. */
  readonly branches: ReadonlyMap<unknown, Finder | undefined> | undefined;
};

/** Where in the value the walk is, for who asks: it is changed as the walk goes on. */
type Path = (string | number)[] | undefined;
export type EachReference = (category: string, id: string) => void;

function visit(schema: TSchema, value: unknown, path: Path, each: EachReference): void {
  const finder = finderOf(schema as SchemaNode);
  if (finder !== undefined) walk(finder, value, path, each);
}

function walk(finder: Finder, value: unknown, path: Path, each: EachReference): void {
  if (typeof value === 'string') {
    const { category } = finder;
    if (category !== undefined) each(category, value);
  } else if (Array.isArray(value)) {
    const { items } = finder;
    if (items === undefined) return;
    for (let i = 0; i < value.length; i += 1) {
      path?.push(i);
      walk(items, value[i], path, each);
      path?.pop();
    }
  } else if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    const of = finder.branches === undefined ? finder : finder.branches.get(members.kind);
    if (of === undefined) return;
    for (const [name, inner] of of.members) {
      const member = members[name];
      if (member === undefined) continue;
      path?.push(name);
      walk(inner, member, path, each);
      path?.pop();
    }
  }
}

// A schema is read once: it is asked for with every command.
const finders = new WeakMap<SchemaNode, { readonly finder: Finder | undefined }>();

// Undefined where nothing in the schema is a reference.
function finderOf(node: SchemaNode): Finder | undefined {
  const known = finders.get(node);
  if (known !== undefined) return known.finder;
  const { properties = {}, items, anyOf = [], oneOf } = node;
  const category = [node, ...anyOf].find((one) => one['x-refers-to'])?.['x-refers-to'];
  const ofItems = items && finderOf(items);
  const members = Object.entries(properties).flatMap(([name, property]) => {
    const inner = finderOf(property);
    return inner === undefined ? [] : [[name, inner] as const];
  });
  const branches =
    oneOf && new Map(oneOf.map((one) => [one.properties?.kind?.const, finderOf(one)]));
  const isEmpty =
    category === undefined &&
    ofItems === undefined &&
    members.length === 0 &&
    ![...(branches?.values() ?? [])].some((one) => one !== undefined);
  const finder = isEmpty ? undefined : { category, items: ofItems, members, branches };
  finders.set(node, { finder });
  return finder;
}
