/** What all views take and tell: read your write, which past is asked for, and what is known. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { Instant, Moment } from '../domain/vocabulary.ts';
import type { Projection } from '../projections/projection.ts';
import {
  type Asked,
  type AsOf,
  type At,
  BeyondLog,
  readVintage,
  waitForPosition,
} from '../projections/vintage.ts';
import { sendNotFound, sendProblem } from './errors.ts';

const positionMax = Number.MAX_SAFE_INTEGER;

/** Query parameters: a view waits up to `wait_ms` until it knows `min_position`. */
export const reading = {
  min_position: Type.Optional(Type.Integer({ minimum: 0, maximum: positionMax })),
  wait_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, default: 2_000 })),
  at_position: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: positionMax,
      description:
        'As of this position of the log. One the view has not come to is not waited for.',
    }),
  ),
  known_at: Type.Optional({ ...Instant, description: 'As of what had been recorded then.' }),
};
/** Beside those, for a view of what was so at a time. */
export const validAt = {
  valid_at: Type.Optional({
    ...Moment,
    description: 'As of what was said to be so then; a date is its whole day in UTC.',
  }),
};
export type Reading = { min_position?: number; wait_ms: number } & Asked;

/** A response without a body: what the client has is still so. */
export const notModified = {
  304: { description: 'It is as `If-None-Match` says.', type: 'null' },
} as const;

/** What a view is read from, and what a 404 says. */
type ViewParts = { db: Db; projections: readonly Projection[]; missing?: string };

/**
 * Answers with what `read` finds, as of what the query asks for, and tells the vintage of that;
 * with 304 where the client has it already, with 404 and `missing` where there is nothing.
 */
export async function answerView<Body extends { as_of: AsOf }>(
  request: FastifyRequest,
  reply: FastifyReply,
  { db, projections, missing = '' }: ViewParts,
  read: (at: At) => Promise<Body | undefined>,
) {
  const view = await openView(request, reply, { db, projections });
  if (view === undefined) return reply;
  const body = await read(view.at);
  if (body === undefined) return sendNotFound(request, reply, missing);
  return view.begin() ? reply.send(body) : reply;
}

/** Where an answer is to be read. */
type Opened = {
  readonly at: At;
  /**
   * To be called once something is found there: sets the headers that tell its vintage. False where
   * that is the whole answer, for the client has whatever is there (`If-None-Match: *`).
   */
  begin(): boolean;
};

/**
 * Opens the view for an answer in the format `type`; undefined where it is answered already: the
 * client has it, or no such past is there. A list that was begun as of a position goes on as of it:
 * else what changes between two pages would be in both, or in none.
 */
export async function openView(
  request: FastifyRequest,
  reply: FastifyReply,
  { db, projections }: Omit<ViewParts, 'missing'>,
  { type = '', begunAt }: { readonly type?: string; readonly begunAt?: number | undefined } = {},
): Promise<Opened | undefined> {
  const asked = request.query as Reading;
  if (asked.at_position !== undefined && asked.known_at !== undefined) {
    refuse(request, reply, 'known_at', 'cannot be given with at_position');
    return undefined;
  }
  const { min_position, wait_ms } = asked;
  if (min_position !== undefined) await waitForPosition(db, projections, min_position, wait_ms);
  const goesOn = begunAt !== undefined && asked.at_position === undefined && !asked.known_at;
  const past = goesOn ? { ...asked, at_position: begunAt } : asked;
  const at = await readVintage(db, projections, past).catch((error) => {
    if (error instanceof BeyondLog) return error;
    throw error;
  });
  if (at instanceof BeyondLog) {
    refuse(request, reply, goesOn ? 'cursor' : 'at_position', at.message);
    return undefined;
  }
  const etag = etagOf(request, at, type);
  const headers = { 'x-position': String(at.as_of.position), etag };
  const known = request.headers['if-none-match'];
  const isKnown = hasSome(known, etag);
  const begin = () => {
    reply.headers(headers);
    if (isKnown) reply.status(304).send();
    return !isKnown;
  };
  if (!isKnown || isAny(known)) return { at, begin };
  begin();
  return undefined;
}

// Strong: the same tables at the same position answer the same query with the same bytes. How long
// it was waited for changes nothing.
function etagOf(request: FastifyRequest, { as_of, edition }: At, type: string): string {
  const { pathname, searchParams } = new URL(request.url, 'http://here');
  searchParams.delete('min_position');
  searchParams.delete('wait_ms');
  searchParams.sort();
  const text = [edition, as_of.position, pathname, searchParams, type].join('\n');
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

/** Whether `If-None-Match` names what has that tag (RFC 9110, 13.1.2): compared weakly. */
export function hasSome(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const known = header.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return isAny(header) || known.includes(etag);
}

function isAny(header: string | undefined): boolean {
  return header?.trim() === '*';
}

function refuse(request: FastifyRequest, reply: FastifyReply, name: string, detail: string) {
  return sendProblem(request, reply, {
    status: 400,
    code: 'malformed',
    detail: 'the query does not fit the log',
    errors: [{ pointer: `/${name}`, detail, in: 'query' }],
  });
}
