/** Opaque cursors of lists: where the next page begins, never an offset. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { sendProblem } from './errors.ts';

export const Cursor = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,400}$',
  description:
    '`next_cursor` of the page before. A view goes on as of the position of its first page.',
});

/** How many items a page holds. */
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }));

/** The cursor that stands for `text`. */
export function cursorOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

/** What the cursor stands for; undefined if no cursor of ours looks so. */
export function textOf(cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  return /^[!-~]{1,300}$/.test(text) && cursorOf(text) === cursor ? text : undefined;
}

/** Where a view's list goes on: after what, and as of which position of the log. */
export type Continuation = { readonly position: number; readonly after: string };

/** Where a view's list goes on; undefined if no view of ours has such a cursor. */
export function continuationOf(cursor: string): Continuation | undefined {
  const [, position, after] = /^(\d{1,15})@(.+)$/.exec(textOf(cursor) ?? '') ?? [];
  return after === undefined ? undefined : { position: Number(position), after };
}

/** Reads the texts of lists by key: a key begins with its category, which tells the list. */
export function keyOf(category: string): (text: string) => string | undefined {
  return (text) => (text.startsWith(`${category}-`) ? text : undefined);
}

/** Where a page of what is ordered by a moment and an id goes on. */
export type Moment = { readonly at: string; readonly id: string };

/** The text that a moment's cursor stands for. */
export function momentText({ at, id }: Moment): string {
  return `${at}/${id}`;
}

/** The moment that a cursor stands for; undefined if it is of no list that is ordered so. */
export function momentOf(cursor: string): Moment | undefined {
  const [, at, id] = /^(\d{4}-[\dT:.-]+Z)\/(.+)$/.exec(textOf(cursor) ?? '') ?? [];
  return at === undefined || id === undefined ? undefined : { at, id };
}

/** Answers that the cursor is not one of this list. */
export function malformedCursor(request: FastifyRequest, reply: FastifyReply) {
  return sendProblem(request, reply, {
    status: 400,
    code: 'malformed',
    detail: 'the cursor is not one of ours',
    errors: [{ pointer: '/cursor', detail: 'is not a cursor of this list', in: 'query' }],
  });
}

/**
 * The cursor of the next page, which `text` stands for, and its link in the answer's headers
 * (RFC 8288); null where there is none.
 */
export function nextLink(request: FastifyRequest, reply: FastifyReply, text: string | null) {
  if (text === null) return null;
  const cursor = cursorOf(text);
  const next = new URL(request.url, 'http://here');
  next.searchParams.set('cursor', cursor);
  reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  return cursor;
}

/** As `nextLink`, of a view's page as of `position`; `after` is what `continuationOf` will tell. */
export function nextViewLink(
  request: FastifyRequest,
  reply: FastifyReply,
  { position, after }: { readonly position: number; readonly after: string | null },
) {
  return nextLink(request, reply, after === null ? null : `${position}@${after}`);
}
