/** Reading the register: conflicts, actors, places, reports. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId, Language, Moment, PlaceEntityId, Url } from '../domain/vocabulary.ts';
import { wordsOf } from '../domain/words.ts';
import { findEntry, listEntries } from '../projections/register-entries.ts';
import { type Category, type Entry, entries, registry } from '../projections/registry.ts';
import { AsOf, type At } from '../projections/vintage.ts';
import { BoxText, boxOf } from './boxes.ts';
import { Cursor, keyOf, Limit } from './cursors.ts';
import { sendProblem } from './errors.ts';
import { exampleEntries } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { type Feature, FeatureSchema, geometryOf, type Position } from './geojson.ts';
import { answerOne, type Form, oneResponses } from './one.ts';
import { problems } from './problem-responses.ts';
import { answerView, notModified, reading } from './vintage.ts';

type Resource = {
  readonly category: Category;
  readonly path: string;
  readonly name: string;
  readonly idSchema: TSchema;
  /** The query parameters that the list is filtered by. */
  readonly filters: Readonly<Record<string, TSchema>>;
};
type Filters = Readonly<Record<string, string | undefined>>;

const nameWords = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Each of its words is in a name that it has or had, in any case.',
});

const resources: readonly Resource[] = [
  {
    category: 'conflict',
    path: '/v1/conflicts',
    name: 'Conflict',
    idSchema: EntityId,
    filters: { q: nameWords },
  },
  {
    category: 'actor',
    path: '/v1/actors',
    name: 'Actor',
    idSchema: EntityId,
    filters: {
      kind: entries.actor.properties.kind as TSchema,
      part_of: { ...EntityId, description: 'Directly.' },
      q: nameWords,
    },
  },
  {
    category: 'place',
    path: '/v1/places',
    name: 'Place',
    idSchema: PlaceEntityId,
    filters: {
      within: { ...PlaceEntityId, description: 'Directly.' },
      bbox: BoxText,
      q: nameWords,
    },
  },
  {
    category: 'report',
    path: '/v1/reports',
    name: 'Report',
    idSchema: EntityId,
    filters: {
      outlet: EntityId,
      url: Url,
      language: Language,
      lifecycle: entries.report.properties.lifecycle as TSchema,
      published_from: { ...Moment, description: 'Published then or later.' },
      published_to: { ...Moment, description: 'Published then or before.' },
      q: { ...nameWords, description: 'Each of its words is in the headline, in any case.' },
    },
  },
];

export function addRegister(app: FastifyInstance, db: Db): void {
  for (const resource of resources) {
    addList(app, db, resource);
    addOne(app, db, resource);
  }
}

function addList(app: FastifyInstance, db: Db, { category, path, name, filters }: Resource): void {
  const parameters = {
    ...reading,
    ...Object.fromEntries(Object.entries(filters).map(([key, one]) => [key, Type.Optional(one)])),
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
      response: listResponses(entries[category], shown, exampleEntries[category]),
    },
    handler: (request, reply) => {
      const query = request.query as Filters;
      const box = query.bbox === undefined ? undefined : boxOf(query.bbox);
      if (box === null) return refuse(request, reply, '/bbox', 'is no box on earth');
      const words = query.q === undefined ? [] : wordsOf(query.q);
      if (query.q !== undefined && words.length === 0) {
        return refuse(request, reply, '/q', 'holds no word');
      }
      const wanted = { ...entryQueryOf(query), words, ...(box && { box }) };
      return answerList(request, reply, {
        ...{ db, projections: [registry], shown },
        afterOf: keyOf(category),
        read: (at, page) => listEntries(db, at, category, { ...wanted, ...page }),
      });
    },
  });
}

function entryQueryOf(query: Filters) {
  const { kind, within, outlet, part_of, url, language, lifecycle } = query;
  const { published_from, published_to } = query;
  const outline = kind ?? within ?? outlet;
  return {
    ...(outline !== undefined && { outline }),
    ...(published_from !== undefined && { published_from }),
    ...(published_to !== undefined && { published_to }),
    members: { part_of, url, language, lifecycle },
  };
}

function refuse(request: FastifyRequest, reply: FastifyReply, pointer: string, detail: string) {
  return sendProblem(request, reply, {
    ...{ status: 400, code: 'malformed', detail: 'the query does not fit its schema' },
    errors: [{ pointer, detail, in: 'query' }],
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

const placeForm: Form<Entry & { as_of: AsOf }> = {
  type: 'application/geo+json',
  schema: Type.Object(
    { ...FeatureSchema.properties, as_of: AsOf },
    { description: 'A Feature (RFC 7946); `geometry` is null where no point is known.' },
  ),
  make: ({ as_of, ...entry }) => ({ ...featureOf(entry as Entry), as_of }),
};

function addOne(app: FastifyInstance, db: Db, { category, path, name, idSchema }: Resource): void {
  const isPlace = category === 'place';
  const body = Type.Object({ ...entries[category].properties, as_of: AsOf });
  app.get(`${path}/:id`, {
    config: { scope: 'read' },
    schema: {
      operationId: `get${name}`,
      summary: `Read one ${name.toLowerCase()}`,
      tags: ['registry'],
      params: Type.Object({ id: idSchema }),
      querystring: Type.Object(reading, { additionalProperties: false }),
      response: isPlace
        ? oneResponses(body, placeForm)
        : { 200: body, ...notModified, ...problems(400, 404, 500) },
    },
    handler: (request, reply) => {
      const { id } = request.params as { id: string };
      const parts = { db, projections: [registry], missing: `there is no ${category} ${id}` };
      const read = (at: At) => findEntry(db, at, category, id);
      return isPlace
        ? answerOne(request, reply, { ...parts, read }, placeForm)
        : answerView(request, reply, parts, read);
    },
  });
}
