/**
 * Lists in the format that the client accepts (RFC 9110, 12): JSON, CSV, JSON lines, and GeoJSON
 * where there are places.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { type TSchema, Type } from 'typebox';
import type { Db } from '../db.ts';
import type { Projection } from '../projections/projection.ts';
import { AsOf, type At, readVintage } from '../projections/vintage.ts';
import { type Columns, csvOf } from './csv.ts';
import { continuationOf, malformedCursor, nextViewLink } from './cursors.ts';
import { sendNotFound, sendProblem } from './errors.ts';
import { type Feature, featureCollection } from './geojson.ts';
import { problems } from './problem-responses.ts';
import { notModified, openView, type Reading } from './vintage.ts';

const json = 'application/json';
const csv = 'text/csv; charset=utf-8; header=present';
const lines = 'application/x-ndjson';
const geo = 'application/geo+json';

/** Items of a page while all are streamed: what is held of an answer at a time. */
export const streamedItemsMax = 500;

/** How items are shown in formats other than JSON. */
export type Shown<Item> = {
  readonly columns: Columns<Item>;
  /** Absent where a list has no places. */
  readonly features?: (items: readonly Item[], at: At) => Promise<Feature[]>;
};

type PageOf<Item> = {
  readonly items: Item[];
  /** The items as JSON, in their order, where they are at hand so. */
  readonly json?: readonly Buffer[];
  readonly next: string | null;
};

/** A list and how to read a page of it: `After` is where a page begins. */
export type List<Item, After> = {
  readonly db: Db;
  readonly projections: readonly Projection[];
  readonly shown: Shown<Item>;
  /** What the text of a cursor stands for; undefined if it is none of this list's. */
  readonly afterOf: (text: string) => After | undefined;
  /** `next` is the text of the cursor of the next page, in printable ASCII; null at the end. */
  readonly read: (
    at: At,
    page: { readonly after: After | undefined; readonly limit: number },
  ) => Promise<PageOf<Item> | undefined>;
  /** What a 404 says, for a list of something that may not be there: then `read` finds nothing. */
  readonly missing?: string;
};

/** A page as JSON. */
export type Page<Item> = {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
  readonly as_of: AsOf;
};

/**
 * Answers with a page of the list, as of what the query asks for. As JSON lines, without `limit`,
 * with all items from the cursor on: they are read as fast as the client takes them.
 */
export async function answerList<Item, After>(
  request: FastifyRequest,
  reply: FastifyReply,
  list: List<Item, After>,
) {
  reply.header('vary', 'Accept');
  const types = typesOf(list.shown);
  const type = new Negotiator(request.raw).mediaType([...types]);
  if (type === undefined) return notAcceptable(request, reply, types);
  const { cursor, limit } = request.query as Reading & { cursor?: string; limit: number };
  const continued = cursor === undefined ? undefined : continuationOf(cursor);
  const after = continued === undefined ? undefined : list.afterOf(continued.after);
  if (cursor !== undefined && after === undefined) return malformedCursor(request, reply);
  const view = await openView(request, reply, list, { type, begunAt: continued?.position });
  if (view === undefined) return reply;
  const { at } = view;
  const isAll = type === lines && !new URL(request.url, 'http://here').searchParams.has('limit');
  const page = await list.read(at, { after, limit: isAll ? streamedItemsMax : limit });
  if (page === undefined) return sendNotFound(request, reply, list.missing ?? '');
  if (!view.begin()) return reply;
  reply.type(type);
  if (isAll) return reply.send(linesOfAll(request, list, at, page));
  const { position } = at.as_of;
  const next_cursor = nextViewLink(request, reply, { position, after: page.next });
  const members = { next_cursor, as_of: at.as_of };
  // As bytes, where a type has no charset to tell.
  switch (type) {
    case csv:
      return reply.send(csvOf(list.shown.columns, page.items));
    case lines:
      return reply.send(Buffer.from(linesOf(page.items)));
    case geo: {
      const features = await list.shown.features?.(page.items, at);
      const collection = { type: 'FeatureCollection', features, ...members };
      return reply.send(Buffer.from(JSON.stringify(collection)));
    }
    default:
      return reply.type(`${json}; charset=utf-8`).send(jsonOf(page, members));
  }
}

const comma = Buffer.from(',');

// Item by item: one letter that takes two bytes would have all of a page take as many.
function jsonOf({ items, json }: PageOf<unknown>, members: Omit<Page<unknown>, 'items'>): Buffer {
  const texts = json ?? items.map((item) => Buffer.from(JSON.stringify(item)));
  const pieces = texts.flatMap((text) => [comma, text]);
  pieces[0] = Buffer.from('{"items":[');
  return Buffer.concat([...pieces, Buffer.from(`],${JSON.stringify(members).slice(1)}`)]);
}

/** The responses of a list in a route's schema; `example` is an item as its CSV shows it. */
export function listResponses<Item>(
  itemSchema: TSchema,
  { columns, features }: Shown<Item>,
  example: Item,
): Record<number, TSchema> {
  const next_cursor = Type.Union([Type.String(), Type.Null()]);
  const all = Type.Object({ items: Type.Array(itemSchema), next_cursor, as_of: AsOf });
  const text = (examples: string, description: string) => ({
    schema: Type.String({ description, examples: [examples] }),
  });
  const content = {
    [json]: { schema: all },
    'text/csv': text(
      csvOf(columns, [example]),
      'A page (RFC 4180), with a header. A text that begins as a formula does is preceded by an ' +
        'apostrophe; what is nested is JSON. The next page is in the header `Link`.',
    ),
    [lines]: text(
      linesOf([example]),
      'An item a line. With `limit` it is a page, and the next one is in the header `Link`. ' +
        'Without, all items from the cursor on, as of the position in `X-Position`: one that is ' +
        'cut off ends without its last chunk (RFC 9112, 8), which HTTP clients report as an error.',
    ),
    ...(features && { [geo]: { schema: featureCollection(next_cursor) } }),
  };
  const response = { description: 'A page, in the format that is accepted.', content };
  return { 200: response as never, ...notModified, ...problems(400, 406, 500) };
}

function typesOf<Item>({ features }: Shown<Item>): readonly string[] {
  return features === undefined ? [json, csv, lines] : [json, csv, lines, geo];
}

/** Answers that none of `types` is what the client accepts. */
export function notAcceptable(
  request: FastifyRequest,
  reply: FastifyReply,
  types: readonly string[],
) {
  const names = types.map((type) => type.split(';')[0]).join(', ');
  const detail = `this comes as ${names}`;
  return sendProblem(request, reply, { status: 406, code: 'not-acceptable', detail });
}

/** JSON lines: an item a line. */
export function linesOf(items: readonly unknown[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

function linesOfAll<Item, After>(
  { method }: FastifyRequest,
  list: List<Item, After>,
  at: At,
  first: PageOf<Item>,
): Readable {
  // A HEAD has its answer read to the end for nothing.
  return Readable.from(method === 'HEAD' ? [] : linesOfPages(pagesFrom(list, at, first)));
}

async function* linesOfPages(pages: AsyncGenerator<{ readonly items: readonly unknown[] }>) {
  for await (const { items } of pages) if (items.length > 0) yield linesOf(items);
}

/** All pages of a list from `firstPage` on, as of one position, each with where it was read. */
export async function* pagesFrom<Item, After>(
  { db, projections, read, afterOf }: Omit<List<Item, After>, 'shown'>,
  first: At,
  firstPage: PageOf<Item>,
): AsyncGenerator<{ readonly items: readonly Item[]; readonly at: At }> {
  const { position, valid_at } = first.as_of;
  let at = first;
  for (let page: PageOf<Item> | undefined = firstPage; page !== undefined; ) {
    yield { items: page.items, at };
    if (page.next === null) return;
    // Tables may be rebuilt and dropped meanwhile: what they say of that position is the same.
    const asked = { at_position: position, ...(valid_at !== null && { valid_at }) };
    at = await readVintage(db, projections, asked);
    page = await read(at, { after: afterOf(page.next), limit: streamedItemsMax });
  }
}
