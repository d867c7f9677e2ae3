/** Reading the register: conflicts, actors, places, reports. */
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId, PlaceEntityId } from '../domain/vocabulary.ts';
import {
  type Category,
  type Entry,
  entries,
  findEntry,
  listEntries,
  registry,
} from '../projections/registry.ts';
import { AsOf } from '../projections/vintage.ts';
import { Cursor, Limit } from './cursors.ts';
import { conflictId } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { type Feature, geometryOf, type Position } from './geojson.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, reading } from './vintage.ts';

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

const kept = { version: 1, position: 42, recorded_at: '2022-09-13T00:00:00.000000Z' };
const examples: Readonly<Record<Category, Entry>> = {
  conflict: { id: conflictId, name: 'Russia and Ukraine, from February 2022', ...kept },
  actor: { id: 'afp', name: 'Agence France-Presse', kind: 'agency', former_names: [], ...kept },
  place: { id: 'geonames:707292', name: 'Izium', point: [37.26, 49.21], aliases: [], ...kept },
  report: {
    id: 'cnn-indonesia-2022-09-12',
    outlet_id: 'cnn-indonesia',
    url: 'https://www.cnnindonesia.com/internasional',
    language: 'id',
    headline: 'Dihajar Habis-habisan, Rusia Tetap Ogah Damai dengan Ukraina',
    published_at: '2022-09-12T19:39:00+07:00',
    report_version: 1,
    lifecycle: 'active',
    ...kept,
  },
};

export function addRegister(app: FastifyInstance, db: Db): void {
  for (const resource of resources) {
    addList(app, db, resource);
    addOne(app, db, resource);
  }
}

function addList(app: FastifyInstance, db: Db, { category, path, name, filter }: Resource): void {
  const parameters = {
    ...reading,
    ...(filter && { [filter.name]: Type.Optional(filter.schema) }),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  };
  const shown = shownOf(category);
  app.get(path, {
    config: { scope: 'read' },
    schema: {
      operationId: `list${name}s`,
      summary: `List ${name.toLowerCase()}s, by id`,
      tags: ['registry'],
      querystring: Type.Object(parameters, { additionalProperties: false }),
      response: listResponses(entries[category], shown, examples[category]),
    },
    handler: (request, reply) => {
      const query = request.query as Record<string, unknown>;
      const outline = filter && (query[filter.name] as string | undefined);
      return answerList(request, reply, {
        ...{ db, projections: [registry], shown },
        afterOf: (text) => text,
        read: (at, page) =>
          listEntries(db, at, category, { ...page, ...(outline !== undefined && { outline }) }),
      });
    },
  });
}

function shownOf(category: Category): Shown<Entry> {
  const names = Object.keys(entries[category].properties);
  const columns = Object.fromEntries(names.map((name) => [name, (entry: Entry) => entry[name]]));
  return { columns, ...(category === 'place' && { features: async (all) => all.map(featureOf) }) };
}

// The register is nobody's word: it says what names mean.
function featureOf({ point, ...entry }: Entry): Feature {
  const geometry = geometryOf(point === undefined ? [] : [point as Position]);
  const properties = { ...entry, claimant_id: null, status: null };
  return { type: 'Feature', id: entry.id, geometry, properties };
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
