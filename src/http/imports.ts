/** Imports: what was imported, from which file, what became of its rows, and what is under way. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { code, orNull } from '../domain/vocabulary.ts';
import {
  findImport,
  importStates,
  listImports,
  listRejections,
  rejectionsKeptMax,
} from '../import/imports.ts';
import {
  Cursor,
  Limit,
  malformedCursor,
  momentOf,
  momentText,
  nextLink,
  textOf,
} from './cursors.ts';
import { sendNotFound } from './errors.ts';
import { Import, Rejection } from './import-shown.ts';
import { problems } from './problem-responses.ts';

const tags = ['ops'];
const params = Type.Object({ id: Type.String({ format: 'uuid' }) });
const Query = Type.Object(
  { state: Type.Optional(code(...importStates)), limit: Limit, cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);
const Page = Type.Object(
  { limit: Limit, cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);

export function addImports(app: FastifyInstance, db: Db): void {
  addList(app, db);
  app.get('/v1/ops/imports/:id', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'getImport',
      summary: 'One import: how far it is, or what it came to',
      tags,
      params,
      response: { 200: Import, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      return (await findImport(db, id)) ?? sendNotFound(request, reply, noneOf(id));
    },
  });
  addRejections(app, db);
}

function addList(app: FastifyInstance, db: Db): void {
  app.get('/v1/ops/imports', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'listImports',
      summary: 'Every import of a file, the newest first',
      description: 'Those of `frontlog import` too, wherever it runs; a dry run is none.',
      tags,
      querystring: Query,
      response: {
        200: Type.Object({ items: Type.Array(Import), next_cursor: orNull(Type.String()) }),
        ...problems(400, 500),
      },
    },
    handler: async (request, reply) => {
      const { state, limit, cursor } = request.query as Static<typeof Query> & { limit: number };
      const before = momentOf(cursor ?? '');
      if (cursor !== undefined && before === undefined) return malformedCursor(request, reply);
      const items = await listImports(db, { state, before, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      const next = last === undefined ? null : momentText({ at: last.started_at, id: last.id });
      return { items, next_cursor: nextLink(request, reply, next) };
    },
  });
}

function addRejections(app: FastifyInstance, db: Db): void {
  app.get('/v1/ops/imports/:id/rejections', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'listRejections',
      summary: 'The rejected rows of an import, by their number, and why each was',
      description:
        `The first ${rejectionsKeptMax} are kept; \`rows_rejected\` counts all. ` +
        '`frontlog import --rejects` writes all of them.',
      tags,
      params,
      querystring: Page,
      response: {
        200: Type.Object({
          items: Type.Array(Rejection),
          rows_rejected: Type.Integer(),
          rejections_kept: Type.Integer(),
          next_cursor: orNull(Type.String()),
        }),
        ...problems(400, 404, 500),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const { limit, cursor } = request.query as Static<typeof Page> & { limit: number };
      const text = cursor === undefined ? '0' : textOf(cursor);
      if (text === undefined || !/^\d{1,15}$/.test(text)) return malformedCursor(request, reply);
      const found = await findImport(db, id);
      if (found === undefined) return sendNotFound(request, reply, noneOf(id));
      const items = await listRejections(db, id, Number(text), limit);
      const next = items.length === limit ? String(items.at(-1)?.row) : null;
      const { rows_rejected, rejections_kept } = found;
      return { items, rows_rejected, rejections_kept, next_cursor: nextLink(request, reply, next) };
    },
  });
}

function noneOf(id: string): string {
  return `there is no import ${id}`;
}
