/** A command over HTTP: one entry in a resource's table becomes a route. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TObject, Type } from 'typebox';
import { type Act, acts } from '../domain/acts.ts';
import type { EventType } from '../domain/catalogue.ts';
import { Rejection } from '../domain/decider.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { execute, type Outcome } from '../eventstore/execute.ts';
import { sendProblem } from './errors.ts';
import { type Idempotency, type KeyedAnswer, requestOf } from './idempotency.ts';
import { locationOf } from './locations.ts';
import { newId } from './new-id.ts';
import { problems } from './problem-responses.ts';
import { sendRejection } from './refusals.ts';

/** What was written, or is so already. */
export const Written = Type.Object(
  {
    id: Type.String({ description: 'Of the aggregate that the event belongs to.' }),
    stream: Type.String(),
    version: Type.Integer({ description: "The stream's version, also the ETag." }),
    position: Type.Integer({ description: 'In the log; give it to a view as min_position.' }),
    event_ids: Type.Array(Type.String(), { description: 'Empty where it was already so.' }),
  },
  { $id: 'Written', additionalProperties: false },
);

const answerHeaders = {
  etag: Type.String({ description: "The stream's version, quoted." }),
  location: Type.String(),
  'idempotency-replayed': Type.Optional(Type.String({ enum: ['true'] })),
};

export const CommandHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[!-~]+$',
      description: 'The same request with the same key is answered as the first time.',
    }),
  ),
  'if-match': Type.Optional(
    Type.String({
      pattern: '^(\\*|"(0|[1-9]\\d{0,8})")$',
      description:
        'The stream\'s version that the client has seen, as its ETag: `"3"`. `*` asks for any.',
    }),
  ),
});
type Headers = { 'idempotency-key'?: string; 'if-match'?: string };

/**
 * One writing route. The id is in the path where the pattern says `:id`, else in the body, or made.
 */
export type CommandRoute = {
  readonly url: string;
  readonly event: EventType;
  readonly operationId: string;
  readonly summary: string;
  /** A body that could be sent. */
  readonly example: object;
};

type Parts = { store: EventStore; idempotency: Idempotency };

/** Adds the routes of `table` to `app`, under `tag` in the documents. */
export function addCommands(
  app: FastifyInstance,
  parts: Parts,
  tag: string,
  table: readonly CommandRoute[],
): void {
  for (const route of table) {
    const act = acts[route.event];
    const inPath = route.url.includes(':id');
    app.post(route.url, {
      config: { scope: 'write' },
      schema: {
        operationId: route.operationId,
        summary: route.summary,
        description: `Recorded as \`${route.event}\`.`,
        tags: [tag],
        headers: CommandHeaders,
        ...(inPath && { params: Type.Object({ id: act.idSchema }) }),
        body: { ...bodyOf(act, inPath), examples: [route.example] },
        response: {
          201: { description: 'Recorded.', headers: answerHeaders, ...written },
          200: {
            description: 'It was already so: nothing new was recorded.',
            headers: answerHeaders,
            ...written,
          },
          ...problems(400, 404, 405, 409, 412, 413, 415, 422, 500),
        },
      },
      handler: (request, reply) => handle(parts, act, request, reply),
    });
  }
}

const written = { content: { 'application/json': { schema: Type.Ref('Written#') } } };

function bodyOf(act: Act, inPath: boolean): TObject {
  if (inPath) return act.schema;
  const properties = { id: Type.Optional(act.idSchema), ...act.schema.properties };
  return Type.Object(properties, { additionalProperties: false });
}

async function handle(parts: Parts, act: Act, request: FastifyRequest, reply: FastifyReply) {
  const headers = request.headers as Headers;
  const key = headers['idempotency-key'];
  if (key === undefined) {
    return answer(request, reply, await run(parts.store, act, request, () => newId()));
  }
  const keyed = requestOf(request.principal, key, request);
  const outcome = await parts.idempotency.once(keyed, () =>
    run(parts.store, act, request, keyed.uuid, keyed.sha256),
  );
  return outcome === 'in-progress' || outcome === 'reused'
    ? sendProblem(request, reply, keyProblems[outcome])
    : answer(request, reply, outcome);
}

const keyProblems = {
  'in-progress': {
    status: 409,
    code: 'idempotency-key-in-progress',
    detail: 'a request with this Idempotency-Key is under way',
  },
  reused: {
    status: 422,
    code: 'idempotency-key-reused',
    detail: 'this Idempotency-Key was used with another request',
  },
} as const;

function run(
  store: EventStore,
  act: Act,
  request: FastifyRequest,
  uuid: (name: string) => string,
  request_sha256?: string,
): Promise<Outcome> {
  const { id: inPath } = request.params as { id?: string };
  const { id: inBody, ...data } = request.body as { id?: string };
  const { 'if-match': ifMatch } = request.headers as Headers;
  const ids: string[] = [];
  return execute(store, {
    act,
    id: inPath ?? inBody ?? uuid('id'),
    data: inPath === undefined ? data : (request.body as object),
    // What is registered, declared or claimed begins its stream.
    isLikelyNew: inPath === undefined,
    expectedVersion: expectedVersion(ifMatch),
    expectsSome: ifMatch === '*',
    // A command decided again, after a lost race, keeps its events' ids.
    eventId: (index) => {
      ids[index] ??= uuid(String(index));
      return ids[index];
    },
    metadata: {
      correlation_id: request.id,
      recorded_by: request.principal,
      ...(request_sha256 !== undefined && { request_sha256 }),
    },
  });
}

function answer(request: FastifyRequest, reply: FastifyReply, outcome: Outcome | KeyedAnswer) {
  if (outcome instanceof Rejection) return sendRejection(request, reply, outcome);
  const { stream, version, position, event_ids } = outcome;
  if ('isReplay' in outcome) reply.header('idempotency-replayed', 'true');
  return reply
    .status(event_ids.length > 0 ? 201 : 200)
    .header('location', locationOf(stream))
    .header('etag', `"${version}"`)
    .send({ id: stream.slice(stream.indexOf('-') + 1), stream, version, position, event_ids });
}

function expectedVersion(ifMatch: string | undefined): number | undefined {
  return ifMatch === undefined || ifMatch === '*' ? undefined : Number(ifMatch.slice(1, -1));
}
