/**
 * `acled`: the export of the Armed Conflict Location & Event Data project, of 31 columns since
 * March 2023. What it says is ACLED's claim; the sources that a row names claim nothing here.
 *
 * ACLED says that actor 1 and actor 2 imply no direction, so that only events of remote violence
 * are attacks by one on the other; all others are statements. It does not divide its fatalities
 * over the sides, and writes 0 also where none were reported: 0 is no claim.
 */
import { codesOf, countOf, dayOf, faultsOf, pointOf, realDay, textOf } from './fields.ts';
import {
  actor,
  type Context,
  type Draft,
  draftOf,
  type Fields,
  type Importer,
  idOf,
  place,
  rejected,
  type Said,
} from './importer.ts';

const acledId = 'acled';
const anySideId = 'acled:any-side';
const columns = [
  ...['event_id_cnty', 'event_date', 'year', 'time_precision', 'disorder_type', 'event_type'],
  ...['sub_event_type', 'actor1', 'assoc_actor_1', 'inter1', 'actor2', 'assoc_actor_2', 'inter2'],
  ...['interaction', 'civilian_targeting', 'iso', 'region', 'country', 'admin1', 'admin2'],
  ...['admin3', 'location', 'latitude', 'longitude', 'geo_precision', 'source', 'source_scale'],
  ...['notes', 'fatalities', 'tags', 'timestamp'],
];
/** Columns that are kept with the claim as ACLED has them. */
const codes = {
  scheme: 'acled',
  version: '2023-03',
  columns: [
    ...['event_type', 'sub_event_type', 'disorder_type', 'inter1', 'inter2', 'interaction'],
    ...['civilian_targeting', 'time_precision', 'geo_precision', 'source', 'source_scale', 'tags'],
  ],
};

// ACLED: 1 the day, 2 the week, 3 the month; ours is UCDP's scale.
const datePrecisions: Readonly<Record<string, number>> = { 1: 1, 2: 3, 3: 4 };
// ACLED: 1 the place, 2 near it, 3 somewhere in the region.
const placePrecisions: Readonly<Record<string, number>> = { 1: 1, 2: 2, 3: 4 };
const forms = {
  'Shelling/artillery/missile attack': 'shelling',
  'Air/drone strike': 'strike',
} as const;

export const acled: Importer = {
  format: 'acled',
  reads: 'csv',
  conflictId: 'needed',
  entries: [
    actor(acledId, 'organisation', 'Armed Conflict Location & Event Data (ACLED)'),
    actor(anySideId, 'organisation', 'Any side: ACLED does not say whose'),
  ],
  source: {
    outletId: acledId,
    editorId: acledId,
    url: 'https://acleddata.com',
    language: 'en',
    licence: 'ACLED Terms of Use',
  },
  kinds: [
    {
      has: columns,
      prefix: acledId,
      headline: 'Armed Conflict Location & Event Data, an export',
      datedAt: (fields) => instantOf(textOf(fields, 'timestamp')),
      reader: (context) => (fields) => read(fields, context),
    },
  ],
  cause: 'claimant_revised',
};

function read(fields: Fields, context: Context): Draft {
  const text = (column: string) => textOf(fields, column);
  const day = realDay(text('event_date')) ?? dayOf(text('event_date'));
  const deaths = countOf(fields, 'fatalities');
  const point = pointOf(fields);
  const faults = faultsOf(fields, {
    event_id_cnty: /^[A-Z]{3}\d{1,9}$/.test(text('event_id_cnty')),
    event_date: day?.startsWith(text('year')) ?? false,
    time_precision: text('time_precision') in datePrecisions,
    geo_precision: text('geo_precision') in placePrecisions,
    fatalities: deaths !== undefined,
    latitude: point !== undefined,
    timestamp: instantOf(text('timestamp')) !== undefined,
    actor1: text('actor1') !== '',
    location: text('location') !== '',
  });
  if (faults.length > 0 || day === undefined || point === undefined || deaths === undefined) {
    return rejected(...faults);
  }
  const one = actorNamed(text('actor1'));
  const two = text('actor2') === '' ? undefined : actorNamed(text('actor2'));
  const where = placeOf(fields, point);
  const shared = sharedOf(fields, context, day, where.id);
  const notes = text('notes').replaceAll(/\s+/g, ' ');
  const quote = notes !== '' && { quote: { text: notes, language: 'en', locator: 'notes' } };
  const prefix = `${acledId}:${text('event_id_cnty').toLowerCase()}`;
  const event = {
    ...shared,
    attribution: { ...shared.attribution, ...quote },
    proposition: propositionOf(fields, one, two),
  };
  const killed = { ...shared, proposition: killedOf(deaths) };
  return draftOf({
    entries: [one, ...(two === undefined ? [] : [two]), where],
    claims: [
      { id: `${prefix}:event`, content: event },
      ...(deaths > 0 ? [{ id: `${prefix}:killed`, content: killed }] : []),
    ],
    absent: deaths > 0 ? [] : [`${prefix}:killed`],
  });
}

function sharedOf(fields: Fields, { conflictId, reportId }: Context, day: string, where: string) {
  const date_precision = datePrecisions[textOf(fields, 'time_precision')] as number;
  return {
    conflict_id: conflictId as string,
    attribution: {
      claimant_id: acledId,
      chain: [{ actor_id: acledId, role: 'originator' as const, report_id: reportId }],
    },
    asserted_at: instantOf(textOf(fields, 'timestamp')) as string,
    // A week or a month is only begun by the day that stands for it.
    occurred: { from: day, ...(date_precision === 1 && { to: day }), date_precision },
    places: [{ place_id: where, relation: 'at' as const }],
    place_precision: placePrecisions[textOf(fields, 'geo_precision')] as number,
    external_codes: codesOf(fields, codes),
  };
}

function killedOf(value: number) {
  return {
    kind: 'casualties' as const,
    side_id: anySideId,
    category: 'unknown' as const,
    outcome: 'killed' as const,
    quantity: {
      value,
      qualifier: 'unspecified' as const,
      unit: '{person}',
      measure: 'increment' as const,
    },
  };
}

function propositionOf(fields: Fields, one: Said, two: Said | undefined) {
  const text = (column: string) => textOf(fields, column);
  const form = forms[text('sub_event_type') as keyof typeof forms];
  if (form !== undefined) {
    const target = two !== undefined && { target_id: two.id };
    return { kind: 'attack' as const, attacker_id: one.id, ...target, form };
  }
  const beside = (name: string, others: string) =>
    text(others) === '' ? text(name) : `${text(name)} (with ${text(others)})`;
  const sides = [beside('actor1', 'assoc_actor_1')];
  if (two !== undefined) sides.push(beside('actor2', 'assoc_actor_2'));
  const what = `${text('event_type')}, ${text('sub_event_type')}: ${sides.join(' and ')}`;
  return { kind: 'statement' as const, text: what };
}

// ACLED's names are its own identifiers: one name is one actor of ACLED, and nobody else.
function actorNamed(name: string): Said {
  const external_ids = [{ scheme: 'acled', value: name }];
  return actor(idOf('acled:actor', name), 'organisation', name, { external_ids });
}

// A place is all that ACLED says of it; another spelling, district or point is another place.
function placeOf(fields: Fields, point: [number, number]): Said {
  const names = ['country', 'admin1', 'admin2', 'admin3', 'location'].map((column) =>
    textOf(fields, column),
  );
  const value = names.filter((name) => name !== '').join(' / ');
  return place(idOf('acled:place', ...names, ...point), textOf(fields, 'location'), {
    point,
    external_ids: [{ scheme: 'acled', value }],
  });
}

// Seconds since 1970, when the row was last written.
function instantOf(timestamp: string): string | undefined {
  if (!/^\d{9,10}$/.test(timestamp)) return undefined;
  return new Date(Number(timestamp) * 1_000).toISOString().replace('.000Z', 'Z');
}
