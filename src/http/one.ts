/** One thing, in the form that the client accepts (RFC 9110, 12): JSON, or another that it has. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import type { TSchema } from 'typebox';
import type { Db } from '../db.ts';
import type { Projection } from '../projections/projection.ts';
import type { AsOf, At } from '../projections/vintage.ts';
import { sendNotFound } from './errors.ts';
import { notAcceptable } from './formats.ts';
import { problems } from './problem-responses.ts';
import { notModified, openView } from './vintage.ts';

const json = 'application/json';

/** Another form than JSON: its media type, schema and how it is made. */
export type Form<Body> = {
  readonly type: string;
  readonly schema: TSchema;
  readonly make: (body: Body, at: At) => object | Promise<object>;
};

type One<Body> = {
  readonly db: Db;
  readonly projections: readonly Projection[];
  /** What a 404 says. */
  readonly missing: string;
  readonly read: (at: At) => Promise<Body | undefined>;
};

/** Answers as `answerView` does, in `form` where that is what the client prefers. */
export async function answerOne<Body extends { as_of: AsOf }>(
  request: FastifyRequest,
  reply: FastifyReply,
  { db, projections, missing, read }: One<Body>,
  form: Form<Body>,
) {
  reply.header('vary', 'Accept');
  const types = [json, form.type];
  const type = new Negotiator(request.raw).mediaType(types);
  if (type === undefined) return notAcceptable(request, reply, types);
  const view = await openView(request, reply, { db, projections }, { type });
  if (view === undefined) return reply;
  const body = await read(view.at);
  if (body === undefined) return sendNotFound(request, reply, missing);
  if (!view.begin()) return reply;
  if (type === json) return reply.send(body);
  return reply.type(type).send(JSON.stringify(await form.make(body, view.at)));
}

/** The responses of one thing in a route's schema. */
export function oneResponses<Body>(schema: TSchema, form: Form<Body>): Record<number, TSchema> {
  const content = { [json]: { schema }, [form.type]: { schema: form.schema } };
  const response = { description: 'It, in the form that is accepted.', content };
  return { 200: response as never, ...notModified, ...problems(400, 404, 406, 500) };
}
