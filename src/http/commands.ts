/** A command over HTTP: one entry in a resource's table becomes a route. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TObject, type TSchema, Type } from 'typebox';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { type Decider, Rejection } from '../domain/decider.ts';
import { EntityId } from '../domain/vocabulary.ts';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import { execute, type Recorded, WrongExpectedVersion } from '../eventstore/execute.ts';
import { type AnyRejection, sendProblem, sendRejection } from './errors.ts';

// Our own name space for ids made from idempotency keys (RFC 9562, 5.5).
const keyNamespace = '5b1f0a57-8f2e-4c53-9d8f-6f1f5f0a7c11';

const Written = Type.Object({
  id: Type.String(),
  stream: Type.String(),
  version: Type.Integer(),
  position: Type.Integer(),
  event_ids: Type.Array(Type.String()),
});

const Headers = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, pattern: '^[!-~]+$' }),
  ),
  'if-match': Type.Optional(Type.String({ pattern: '^(\\*|"\\d{1,10}")$' })),
});
type Headers = { 'idempotency-key'?: string; 'if-match'?: string };

/**
 * One writing route. The id is in the path where the pattern says `:id`, else in the body, as
 * `idSchema` or else `EntityId` has it, or made.
 */
export type CommandRoute = {
  readonly url: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  // biome-ignore lint/suspicious/noExplicitAny: a table holds routes of every aggregate
  readonly decider: Decider<any, any, any, AnyRejection>;
  readonly command: string;
  readonly schema: TObject;
  readonly idSchema?: TSchema;
};

/** Adds the routes of `table` to `app`. */
export function addCommands(app: FastifyInstance, store: EventStore, table: CommandRoute[]): void {
  for (const route of table) {
    const inPath = route.url.includes(':id');
    const body = inPath
      ? route.schema
      : Type.Object(
          { id: Type.Optional(route.idSchema ?? EntityId), ...route.schema.properties },
          { additionalProperties: false },
        );
    app.post(route.url, {
      config: { scope: 'write' },
      schema: {
        operationId: route.operationId,
        summary: route.summary,
        tags: [route.tag],
        headers: Headers,
        ...(inPath && { params: Type.Object({ id: EntityId }) }),
        body,
        response: {
          201: { description: 'Recorded.', ...Written },
          200: { description: 'It was already so: nothing new was recorded.', ...Written },
          ...problems(400, 404, 409, 412, 413, 415, 422, 500, 503),
        },
      },
      handler: (request, reply) => handle(store, route, request, reply),
    });
  }
}

/** Problem responses for a route's schema. */
export function problems(...statuses: number[]): Record<number, TSchema> {
  const schema = { description: 'A problem (RFC 9457).', content: problemContent } as never;
  return Object.fromEntries(statuses.map((status) => [status, schema]));
}
const problemContent = { 'application/problem+json': { schema: Type.Ref('Problem#') } };

async function handle(
  store: EventStore,
  route: CommandRoute,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const headers = request.headers as Headers;
  const { id: inBody, ...data } = request.body as { id?: string };
  const inPath = (request.params as { id?: string }).id;
  const key = headers['idempotency-key'];
  const scope = `${route.url} ${inPath ?? ''} ${key}`;
  const id = inPath ?? inBody ?? (key === undefined ? uuidv7() : uuidv5(scope, keyNamespace));
  const eventId = (index: number) =>
    key === undefined ? uuidv7() : uuidv5(`${scope} ${index}`, keyNamespace);
  const request_sha256 = sha256(JSON.stringify(request.body));

  if (key !== undefined) {
    const first = await store.findEvent(eventId(0));
    if (first !== undefined) return replay(store, request, reply, first, request_sha256, eventId);
  }
  const outcome = await execute(store, route.decider, {
    id,
    command: { type: route.command, data: inPath === undefined ? data : request.body, id },
    schema: route.schema,
    expectedVersion: expectedVersion(headers['if-match']),
    eventId: memoized(eventId),
    metadata: {
      correlation_id: request.id,
      recorded_by: request.principal,
      ...(key !== undefined && { request_sha256 }),
    },
  });
  if (outcome instanceof Rejection) return sendRejection(request, reply, outcome);
  if (outcome instanceof WrongExpectedVersion) {
    return sendProblem(request, reply, {
      status: 412,
      code: 'wrong-version',
      detail: `the stream is at version ${outcome.currentVersion}`,
      current_version: outcome.currentVersion,
    });
  }
  return sendWritten(reply, id, outcome);
}

// The first answer, read back from the log itself: the key made the event ids.
async function replay(
  store: EventStore,
  request: FastifyRequest,
  reply: FastifyReply,
  first: RecordedEvent,
  request_sha256: string,
  eventId: (index: number) => string,
) {
  if (first.metadata.request_sha256 !== request_sha256) {
    return sendProblem(request, reply, {
      status: 422,
      code: 'idempotency-key-reused',
      detail: 'this Idempotency-Key was used with another body',
    });
  }
  let last = first;
  const event_ids = [first.id];
  for (let next = await store.findEvent(eventId(1)); next; ) {
    last = next;
    event_ids.push(next.id);
    next = await store.findEvent(eventId(event_ids.length));
  }
  reply.header('idempotency-replayed', 'true');
  const { stream, version, position } = last;
  const id = stream.slice(stream.indexOf('-') + 1);
  return sendWritten(reply, id, { stream, version, position, event_ids });
}

function sendWritten(reply: FastifyReply, id: string, recorded: Recorded) {
  return reply
    .status(recorded.event_ids.length > 0 ? 201 : 200)
    .header('location', `/v1/streams/${encodeURIComponent(recorded.stream)}`)
    .header('etag', `"${recorded.version}"`)
    .send({ id, ...recorded });
}

function expectedVersion(ifMatch: string | undefined): number | undefined {
  return ifMatch === undefined || ifMatch === '*' ? undefined : Number(ifMatch.slice(1, -1));
}

// A command decided again, after a lost race, keeps its events' ids.
function memoized(eventId: (index: number) => string): (index: number) => string {
  const made: string[] = [];
  return (index) => {
    made[index] ??= eventId(index);
    return made[index];
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
