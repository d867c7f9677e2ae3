/** Reading the register: conflicts, actors, places, reports. */
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId, PlaceEntityId } from '../domain/vocabulary.ts';
import {
  type Category,
  entries,
  findEntry,
  listEntries,
  registry,
} from '../projections/registry.ts';
import { AsOf } from '../projections/vintage.ts';
import { Cursor, cursorOf, Limit, malformedCursor, textOf } from './cursors.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, type Reading, reading } from './vintage.ts';

type Resource = {
  readonly category: Category;
  readonly path: string;
  readonly name: string;
  readonly idSchema: TSchema;
  /** The query parameter that the list is filtered by. */
  readonly filter?: { readonly name: string; readonly schema: TSchema };
};

const resources: readonly Resource[] = [
  { category: 'conflict', path: '/v1/conflicts', name: 'Conflict', idSchema: EntityId },
  {
    category: 'actor',
    path: '/v1/actors',
    name: 'Actor',
    idSchema: EntityId,
    filter: { name: 'kind', schema: entries.actor.properties.kind as TSchema },
  },
  {
    category: 'place',
    path: '/v1/places',
    name: 'Place',
    idSchema: PlaceEntityId,
    filter: { name: 'within', schema: PlaceEntityId },
  },
  {
    category: 'report',
    path: '/v1/reports',
    name: 'Report',
    idSchema: EntityId,
    filter: { name: 'outlet', schema: EntityId },
  },
];

export function addRegister(app: FastifyInstance, db: Db): void {
  for (const resource of resources) {
    addList(app, db, resource);
    addOne(app, db, resource);
  }
}

function addList(app: FastifyInstance, db: Db, resource: Resource): void {
  const { category, path, name, filter } = resource;
  const parameters = {
    ...reading,
    ...(filter && { [filter.name]: Type.Optional(filter.schema) }),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  };
  type Query = Reading & { limit: number; cursor?: string } & Record<string, unknown>;
  app.get(path, {
    config: { scope: 'read' },
    schema: {
      operationId: `list${name}s`,
      summary: `List ${name.toLowerCase()}s, by id`,
      tags: ['registry'],
      querystring: Type.Object(parameters, { additionalProperties: false }),
      response: {
        200: Type.Object({
          items: Type.Array(entries[category]),
          next_cursor: Type.Union([Type.String(), Type.Null()]),
          as_of: AsOf,
        }),
        ...notModified,
        ...problems(400, 500),
      },
    },
    handler: async (request, reply) => {
      const query = request.query as Query;
      const after = query.cursor === undefined ? undefined : textOf(query.cursor);
      if (query.cursor !== undefined && after === undefined) return malformedCursor(request, reply);
      const outline = filter && (query[filter.name] as string | undefined);
      return answerView(request, reply, { db, projections: [registry] }, async (at) => {
        const { items, next, as_of } = await listEntries(db, at, category, {
          limit: query.limit,
          ...(outline !== undefined && { outline }),
          ...(after !== undefined && { after }),
        });
        return { items, next_cursor: next === null ? null : cursorOf(next), as_of };
      });
    },
  });
}

function addOne(app: FastifyInstance, db: Db, { category, path, name, idSchema }: Resource): void {
  const schema = entries[category];
  app.get(`${path}/:id`, {
    config: { scope: 'read' },
    schema: {
      operationId: `get${name}`,
      summary: `Read one ${name.toLowerCase()}`,
      tags: ['registry'],
      params: Type.Object({ id: idSchema }),
      querystring: Type.Object(reading, { additionalProperties: false }),
      response: {
        200: Type.Object({ ...schema.properties, as_of: AsOf }),
        ...notModified,
        ...problems(400, 404, 500),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const missing = `there is no ${category} ${id}`;
      return answerView(request, reply, { db, projections: [registry], missing }, (at) =>
        findEntry(db, at, category, id),
      );
    },
  });
}
