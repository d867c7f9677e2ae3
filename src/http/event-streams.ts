/** Server-Sent Events (WHATWG HTML, 9.2): what a feed has, and what comes, to each who follows. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { type TSchema, Type } from 'typebox';
import type { Wakeup } from '../eventstore/wakeup.ts';
import { sendProblem } from './errors.ts';
import { type FeedPage, type Follower, fanOut } from './fan-out.ts';
import { problems } from './problem-responses.ts';
import { type Sent, type StreamClient, type StreamLimits, streamClient } from './stream-client.ts';

const eventStream = 'text/event-stream';

/** What streams are made of: how to wake up at appends, and where the log ends. */
export type StreamParts = {
  readonly openWakeup: () => Wakeup & { close(): Promise<void> };
  readonly head: () => Promise<number>;
  /** Throws where no event can have that position. */
  readonly refuseBeyond: (position: number) => Promise<void>;
};

export type Stream<Item extends Sent, Filters> = {
  /** A page after a position; of what the filters leave of it where a client catches up. */
  readonly read: (after: number, filters?: Filters) => Promise<FeedPage<Item>>;
  /** Whether the filters leave an item. */
  readonly matches: (item: Item, filters: Filters) => boolean;
};

/** Query parameters of every stream. */
export const streamParameters = {
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Begin after this position; absent: with what comes from now on.',
    }),
  ),
};
/** The header by which a client goes on where it was; it counts more than `after`. */
export const streamHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ pattern: '^\\d{1,15}$' })),
});

/** The responses of a stream; `example` is the data of a message. */
export function streamResponses(data: TSchema, example: Sent): Record<number, TSchema> {
  const description =
    'Server-Sent Events. `id` is the position, `data` an item as JSON. The event `caught-up`, ' +
    'with `{"position"}`, comes once there is no more for now; then what is appended, as it is. ' +
    'Comments come when nothing else does, with an `id` that tells how far the stream is. A ' +
    'client that does not keep up is cut off: it goes on with `Last-Event-ID`.';
  // Of each event, as OpenAPI 3.2 has it under `itemSchema`; 3.1 has no way to say it of a stream.
  const schema = Type.Object(
    {
      event: Type.Optional(Type.String({ enum: ['message', 'caught-up'] })),
      id: Type.String({ pattern: '^\\d+$' }),
      data: Type.String({
        contentMediaType: 'application/json',
        contentSchema: { anyOf: [data, caughtUp] },
      }),
    },
    {
      description: 'An event of the stream.',
      examples: [{ id: String(example.position), data: JSON.stringify(example.data) }],
    },
  );
  const content = { [eventStream]: { schema } };
  return { 200: { description, content } as never, ...problems(400, 406, 500) };
}

const caughtUp = Type.Object(
  { position: Type.Integer() },
  { additionalProperties: false, description: 'Of the event `caught-up`.' },
);

/** The streams of a process share its limits, and end when `app` closes. */
export function eventStreams(
  app: FastifyInstance,
  { openWakeup, head, refuseBeyond }: StreamParts,
  limits: StreamLimits,
) {
  const open = new Set<StreamClient>();
  const beat = setInterval(() => {
    for (const client of open) client.beat();
  }, limits.heartbeatIntervalMs);
  beat.unref();
  app.addHook('preClose', (done) => {
    clearInterval(beat);
    for (const client of open) client.end();
    done();
  });

  /** A handler that sends a stream to whoever asks for it. */
  return <Item extends Sent, Filters>({ read, matches }: Stream<Item, Filters>) => {
    const following = fanOut((after) => read(after), openWakeup, app.log);
    app.addHook('onClose', following.ended);
    return async (request: FastifyRequest, reply: FastifyReply, filters: Filters | undefined) => {
      if (new Negotiator(request.raw).mediaType([eventStream]) === undefined) {
        const detail = `this comes as ${eventStream}`;
        return sendProblem(request, reply, { status: 406, code: 'not-acceptable', detail });
      }
      const position = positionOf(request);
      if (position !== undefined) await refuseBeyond(position);
      const last = await head();
      if (open.size >= limits.streamsMax) {
        const detail = `this process has ${limits.streamsMax} streams open, and no more`;
        return sendProblem(request, reply, { status: 503, code: 'too-many-streams', detail });
      }
      if (request.method === 'HEAD') return reply.type(eventStream).send('');
      const client = streamClient(begin(reply), limits, (why) => {
        open.delete(client);
        following.leave(follower);
        if (why !== undefined) request.log.info(`a stream ends: ${why}`);
      });
      const wanted = filters && ((item: Item) => matches(item, filters));
      const follower: Follower<Item> = {
        take: (page) => client.isTooSlow() || client.send(page, wanted),
      };
      open.add(client);
      try {
        await catchUp(
          client,
          { position: position ?? last, last },
          (after) => read(after, filters),
          (page) => following.join(follower, page),
        );
      } catch (err) {
        if (!client.isOver) request.log.warn({ err }, 'a stream is cut off');
        client.cut('the feed cannot be read');
      }
      return reply;
    };
  };
}

// Reads as fast as the client takes, until it can follow with the others. A client that was served
// by another site may be further than the log is here: it gets nothing until that has come along.
async function catchUp<Item extends Sent>(
  client: StreamClient,
  { position, last }: { position: number; last: number },
  read: (after: number) => Promise<FeedPage<Item>>,
  join: (page: FeedPage<Item>) => boolean,
): Promise<void> {
  client.position = position;
  for (let after = Math.min(position, last); !client.isOver; ) {
    const page = await read(after);
    after = page.through;
    client.send(page);
    await client.drained();
    if (!client.isOver && join(page)) return client.caughtUp();
  }
}

// Its own connection: it lasts as long as the stream.
function begin(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const headers = reply.getHeaders() as Record<string, string>;
  reply.raw.writeHead(200, {
    ...headers,
    'content-type': eventStream,
    'cache-control': 'no-store',
    // For proxies that would gather an answer first.
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  return reply.raw;
}

function positionOf({ headers, query }: FastifyRequest): number | undefined {
  const last = headers['last-event-id'];
  return typeof last === 'string' ? Number(last) : (query as { after?: number }).after;
}
