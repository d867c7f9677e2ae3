/** Operating the projections: how they are doing, pause, resume, rebuild. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import {
  cancelRebuild,
  RebuildUnderWay,
  setState,
  startRebuild,
} from '../projections/generations.ts';
import { eventsPerSecondMax, setPace } from '../projections/pace.ts';
import type { Projection } from '../projections/projection.ts';
import { listStatuses, ProjectionStatus } from '../projections/status.ts';
import { sendNotFound, sendProblem } from './errors.ts';
import { problems } from './problem-responses.ts';

const Name = Type.Object({ name: Type.String({ pattern: '^[a-z][a-z_]{0,62}$' }) });
const Pace = Type.Object(
  {
    events_per_second_max: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: eventsPerSecondMax,
        description:
          'Absent: as fast as it goes. Of one that is under way: its pace from now on; absent, ' +
          'as it was.',
      }),
    ),
  },
  { additionalProperties: false },
);

type Parts = { db: Db; projections: readonly Projection[] };
type Action = {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly status: 200 | 202;
  readonly querystring?: typeof Pace;
  /** What refuses it, or undefined once it is done. */
  readonly act: (
    db: Db,
    projection: Projection,
    request: FastifyRequest,
  ) => Promise<{ status: 404 | 409; code: string; detail: string } | undefined>;
};

const actions: readonly Action[] = [
  {
    method: 'POST',
    path: 'pause',
    operationId: 'pauseProjection',
    summary: 'Stop it, and its rebuild, after the batch under way; it answers as of there',
    status: 200,
    act: async (db, projection) => void (await setState(db, projection, 'paused')),
  },
  {
    method: 'POST',
    path: 'resume',
    operationId: 'resumeProjection',
    summary: 'Let it go on, also after an error',
    status: 200,
    act: async (db, projection) => void (await setState(db, projection, 'running')),
  },
  {
    method: 'POST',
    path: 'rebuild',
    operationId: 'rebuildProjection',
    summary: 'Build it anew from the log, beside the one that answers, which it then replaces',
    status: 202,
    querystring: Pace,
    act: async (db, projection, { query }) => {
      const { events_per_second_max: pace } = query as { events_per_second_max?: number };
      try {
        await startRebuild(db, projection, pace ?? null);
      } catch (error) {
        if (!(error instanceof RebuildUnderWay)) throw error;
        if (pace !== undefined && (await setPace(db, projection, pace))) return undefined;
        return { status: 409, code: 'rebuild-under-way', detail: error.message };
      }
      return undefined;
    },
  },
  {
    method: 'DELETE',
    path: 'rebuild',
    operationId: 'cancelRebuild',
    summary: 'Give up what is being built; what answers is left as it is',
    status: 200,
    act: async (db, projection) => {
      if (await cancelRebuild(db, projection)) return undefined;
      const detail = `${projection.name} is not being rebuilt`;
      return { status: 404, code: 'not-found', detail };
    },
  },
];

export function addOps(app: FastifyInstance, parts: Parts): void {
  app.get('/v1/ops/projections', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'listProjections',
      summary: 'Each projection: how far it has come, how fast, and why it stopped',
      tags: ['ops'],
      response: {
        200: Type.Object({ items: Type.Array(ProjectionStatus) }),
        ...problems(400, 500),
      },
    },
    handler: async () => ({ items: await listStatuses(parts.db, parts.projections) }),
  });
  for (const action of actions) addAction(app, parts, action);
  addRebuildOfAll(app, parts);
}

function addRebuildOfAll(app: FastifyInstance, { db, projections }: Parts): void {
  app.post('/v1/ops/projections/rebuild', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'rebuildProjections',
      summary: 'Build all anew, on one way through the log; what is being built goes on',
      tags: ['ops'],
      querystring: Pace,
      response: {
        202: Type.Object({ items: Type.Array(ProjectionStatus) }),
        ...problems(400, 413, 415, 500),
      },
    },
    handler: async ({ query }, reply) => {
      const { events_per_second_max: pace } = query as { events_per_second_max?: number };
      for (const projection of projections) {
        try {
          await startRebuild(db, projection, pace ?? null);
        } catch (error) {
          if (!(error instanceof RebuildUnderWay)) throw error;
          if (pace !== undefined) await setPace(db, projection, pace);
        }
      }
      return reply.status(202).send({ items: await listStatuses(db, projections) });
    },
  });
}

function addAction(app: FastifyInstance, { db, projections }: Parts, action: Action): void {
  const { method, path, operationId, summary, status, querystring, act } = action;
  app.route({
    method,
    url: `/v1/ops/projections/:name/${path}`,
    config: { scope: 'ops' },
    schema: {
      operationId,
      summary,
      tags: ['ops'],
      params: Name,
      ...(querystring && { querystring }),
      response: {
        [status]: ProjectionStatus,
        ...problems(400, 404, ...(path === 'rebuild' ? [409] : []), 413, 415, 500),
      },
    },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const { name } = request.params as { name: string };
      const projection = projections.find((one) => one.name === name);
      if (projection === undefined) {
        return sendNotFound(request, reply, `there is no projection ${name}`);
      }
      const refusal = await act(db, projection, request);
      if (refusal !== undefined) return sendProblem(request, reply, refusal);
      const [answer] = await listStatuses(db, [projection]);
      return reply.status(status).send(answer);
    },
  });
}
