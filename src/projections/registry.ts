/** The register: conflicts, actors, places and reports as they were known, by their ids. */
import { hash } from 'node:crypto';
import { type Static, type TObject, Type } from 'typebox';
import { catalogue, type EventType } from '../domain/catalogue.ts';
import { wordsOf } from '../domain/words.ts';
import { type EventFact, type Handlers, type Projection, projectBy } from './projection.ts';
import type { Row, Rows } from './rows.ts';

export const categories = ['conflict', 'actor', 'place', 'report'] as const;
export type Category = (typeof categories)[number];

const kept = {
  version: Type.Integer(),
  position: Type.Integer({ description: 'Of the last event about it.' }),
  recorded_at: Type.String({ description: 'When that was recorded.' }),
};
const entry = <S extends TObject>(registered: S, idMember: string, more: object = {}) => {
  const { [idMember]: id, ...properties } = registered.properties;
  return Type.Object({ id, ...properties, ...more, ...kept } as never);
};
const taggedMembers = ['part_of', 'url', 'language', 'lifecycle'] as const;
export type TaggedMember = (typeof taggedMembers)[number];

/** An entry of each category. */
export const entries: Readonly<Record<Category, TObject>> = {
  conflict: entry(catalogue.ConflictRegistered, 'conflict_id'),
  actor: entry(catalogue.ActorRegistered, 'actor_id', {
    former_names: Type.Array(Type.String(), { description: 'Oldest first.' }),
  }),
  place: entry(catalogue.PlaceRegistered, 'place_id', { aliases: Type.Array(Type.String()) }),
  report: entry(catalogue.ReportPublished, 'report_id', {
    report_version: Type.Integer({ description: '1 as first published.' }),
    lifecycle: Type.String({ enum: ['active', 'corrected', 'retracted'] }),
    reason: Type.Optional(Type.String({ description: 'Of its last correction or retraction.' })),
  }),
};
export type Entry = { readonly id: string } & Static<TObject<typeof kept>> &
  Readonly<Record<string, unknown>>;

type EntryRow = Row & { category: Category; outline: string | null; body: Entry };
type Tables = Readonly<Record<string, Rows>>;

const handlers: Handlers<
  | 'ConflictRegistered'
  | 'ActorRegistered'
  | 'ActorRenamed'
  | 'PlaceRegistered'
  | 'PlaceAliasAdded'
  | 'ReportPublished'
  | 'ReportCorrected'
  | 'ReportRetracted',
  Tables
> = {
  ConflictRegistered: (event, rows) => {
    const { conflict_id: id, ...body } = event.data;
    add(rows, event, 'conflict', id, null, body);
  },
  ActorRegistered: (event, rows) => {
    const { actor_id: id, ...body } = event.data;
    add(rows, event, 'actor', id, body.kind, { ...body, former_names: [] });
  },
  ActorRenamed: (event, rows) => {
    const { name, former_names } = entryOf(rows, event);
    const former = [...(former_names as string[]), name];
    change(rows, event, { name: event.data.name, former_names: former });
  },
  PlaceRegistered: (event, rows) => {
    const { place_id: id, ...body } = event.data;
    add(rows, event, 'place', id, body.within ?? null, { ...body, aliases: body.aliases ?? [] });
  },
  PlaceAliasAdded: (event, rows) => {
    const { aliases } = entryOf(rows, event);
    change(rows, event, { aliases: [...(aliases as string[]), event.data.alias] });
  },
  ReportPublished: (event, rows) => {
    const { report_id: id, ...body } = event.data;
    const state = { report_version: 1, lifecycle: 'active' };
    add(rows, event, 'report', id, body.outlet_id, { ...body, ...state });
  },
  ReportCorrected: (event, rows) => {
    const { report_id: _id, corrected_at: _when, ...changes } = event.data;
    const report_version = (entryOf(rows, event).report_version as number) + 1;
    change(rows, event, { ...changes, report_version, lifecycle: 'corrected' });
  },
  ReportRetracted: (event, rows) => {
    change(rows, event, { lifecycle: 'retracted', reason: event.data.reason });
  },
};

/** A row per entry, by its stream; its list is filtered by `outline`: kind, place, outlet. */
export const registry: Projection = {
  name: 'registry',
  version: 4,
  types: Object.keys(handlers),
  tables: {
    entries: {
      columns: {
        category: 'text',
        outline: 'text',
        // Of all names that it has and had.
        words: 'text[]',
        longitude: 'double precision',
        latitude: 'double precision',
        published_at: 'timestamptz',
        // `MEMBER:VALUE` of what else it is found by.
        tags: 'text[]',
      },
      indexes: ['category, key', 'category, outline, key', 'latitude, longitude', 'published_at'],
      inverted: ['words', 'tags'],
    },
  },
  hint({ stream, version }, want) {
    // What begins a stream is not there before.
    if (version > 1) want('entries', stream);
  },
  project: projectBy(handlers),
};

type Fact = EventFact<EventType>;

function add(
  { entries }: Tables,
  event: Fact,
  category: Category,
  id: string,
  outline: string | null,
  body: object,
): void {
  const entry: Entry = { id, ...body, ...keptOf(event) };
  const [longitude = null, latitude = null] = (entry.point ?? []) as number[];
  entries?.add(event.stream, {
    ...{ category, outline, longitude, latitude },
    ...foundBy(entry),
    body: entry,
  });
}

function change(rows: Tables, event: Fact, changes: object): void {
  const body = { ...entryOf(rows, event), ...changes, ...keptOf(event) };
  rows.entries?.put(event.stream, {
    ...rows.entries.get(event.stream),
    ...foundBy(body),
    body,
  });
}

// What may change of what it is found by.
function foundBy(entry: Entry) {
  const { name, aliases = [], former_names = [], headline, published_at = null } = entry;
  const texts = [name, aliases, former_names, headline].flat() as (string | undefined)[];
  return {
    words: wordsOf(...texts),
    published_at: published_at as string | null,
    tags: tagsOf(entry),
  };
}

/** The tags of an entry with these members, as far as tags are made of them. */
export function tagsOf(members: { readonly [member: string]: unknown }): string[] {
  return taggedMembers.flatMap((member) => {
    const value = members[member];
    if (typeof value !== 'string') return [];
    // An address may be longer than an index takes.
    return `${member}:${member === 'url' ? hash('sha256', value, 'base64url') : value}`;
  });
}

function keptOf({ version, position, recorded_at }: Fact) {
  return { version, position, recorded_at };
}

function entryOf({ entries }: Tables, { stream }: Fact): Entry {
  const row = entries?.get(stream) as EntryRow | undefined;
  if (row === undefined) throw new Error(`${stream} was never registered`);
  return row.body;
}
