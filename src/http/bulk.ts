/**
 * Many events at once: a batch, or a stream of lines of any length, each decided as if it came by
 * its own route and answered by a line of its own. Sent again, it records nothing twice.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { EventStore, Metadata } from '../eventstore/event-store.ts';
import { problemOf, sendProblem } from './errors.ts';
import { chunkLinesMax, eventLines, letGoOf } from './event-lines.ts';
import { readJson } from './json-body.ts';
import { problems } from './problem-responses.ts';
import { prepareLines, Result, recordLines } from './record-lines.ts';

export const batchType = 'application/cloudevents-batch+json';
export const linesType = 'application/x-ndjson';

const exampleEvent = {
  specversion: '1.0',
  id: '5f0c2d5e-6a3c-4d64-8d0c-0d6f3f6f1c11',
  source: 'https://example.org/desk',
  type: 'frontlog.actor-registered.v1',
  data: { actor_id: 'afp', name: 'AFP', kind: 'agency' },
};
// Anything, because one that is no CloudEvent is refused by a result of its own.
const AnyEvent = Type.Unsafe({
  description: 'A CloudEvent (1.0, JSON format), its type one of those that the log gives out.',
  examples: [exampleEvent],
});

const Summary = {
  lines: Type.Integer(),
  recorded: Type.Integer({ description: 'Lines that led to events.' }),
  known: Type.Integer({ description: 'Lines that were so already.' }),
  refused: Type.Integer(),
};
type Summary = { lines: number; recorded: number; known: number; refused: number };

/** Adds `POST /v1/events`. */
export function addBulk(app: FastifyInstance, store: EventStore): void {
  app.addContentTypeParser(
    batchType,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => readJson(body),
  );
  app.addContentTypeParser(linesType, (_request, payload, done) => done(null, payload));
  app.post('/v1/events', {
    config: { scope: 'import' },
    schema: {
      operationId: 'recordEvents',
      summary: 'Record many events, each through the rules of its own route',
      description:
        'A CloudEvents batch, or a CloudEvent a line of any number. Lines are answered in their ' +
        'order, as JSON or as lines with a summary last; a stream that ends without its summary ' +
        'was cut off, and may be sent again. That needs no `Idempotency-Key`, and none is looked ' +
        'at: by their ids, events that are there are `known`.',
      tags: ['log'],
      body: {
        content: {
          [batchType]: { schema: Type.Array(AnyEvent, { maxItems: chunkLinesMax }) },
          [linesType]: { schema: Type.Unsafe({}) },
        },
      } as never,
      response: {
        200: {
          description: 'A result for each event, in their order.',
          content: {
            'application/json': {
              schema: Type.Object({ items: Type.Array(Result), ...Summary }),
            },
            [linesType]: { schema: Type.String() },
          },
        } as never,
        ...problems(400, 405, 413, 415, 500),
      },
    },
    handler: async (request, reply) => {
      if (request.body instanceof Readable) {
        reply.raw.once('finish', () => letGoOf(request.raw));
        return reply.type(linesType).send(Readable.from(answerLines(store, request)));
      }
      if (request.mediaType !== batchType) {
        return sendProblem(request, reply, {
          status: 415,
          code: 'unsupported-media-type',
          detail: `events come as ${batchType} or as ${linesType}`,
        });
      }
      const events = request.body as unknown[];
      const entries = events.map((event, i) => ({ line: i + 1, event }));
      const items = await recordLines(store, prepareLines(entries, metadataOf(request)));
      return { items, ...summed(items) };
    },
  });
}

async function* answerLines(store: EventStore, request: FastifyRequest): AsyncGenerator<string> {
  const total: Summary = { lines: 0, recorded: 0, known: 0, refused: 0 };
  try {
    for await (const entries of eventLines(request.body as Readable)) {
      const results = await recordLines(store, prepareLines(entries, metadataOf(request)));
      const sums = summed(results);
      for (const key of Object.keys(total) as (keyof Summary)[]) total[key] += sums[key];
      yield results.map((result) => `${JSON.stringify(result)}\n`).join('');
    }
    yield `${JSON.stringify({ summary: total })}\n`;
  } catch (error) {
    // The answer has begun: what is left is a last line that says why it stops.
    request.log.warn({ err: error }, 'a stream of events stops');
    yield `${JSON.stringify({ stopped_after: total, problem: problemOf(error as never) })}\n`;
  }
}

function metadataOf(request: FastifyRequest): Metadata {
  return { correlation_id: request.id, recorded_by: request.principal };
}

function summed(results: readonly Result[]): Summary {
  const count = (status: Result['status']) =>
    results.filter((result) => result.status === status).length;
  return {
    lines: results.length,
    recorded: count('recorded'),
    known: count('known'),
    refused: count('refused'),
  };
}
