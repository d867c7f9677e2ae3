/**
 * `ucdp-ged`: the Georeferenced Event Dataset of the Uppsala Conflict Data Program, 49 columns. An
 * event is one total with UCDP's low, best and high estimate, and what UCDP knows of its parts: the
 * dead of each side, civilians, and those of whom the side is unknown. A part of 0 is no claim, as
 * it may be among the unknown.
 */
import { codesOf, countOf, faultsOf, pointOf, realDay, textOf } from './fields.ts';
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

const ucdpId = 'ucdp';
const allSides = 'ucdp:all-sides';
const civilians = 'ucdp:civilians';
const unknownSide = 'ucdp:unknown-side';
const columns = [
  ...['id', 'relid', 'year', 'active_year', 'code_status', 'type_of_violence'],
  ...['conflict_dset_id', 'conflict_new_id', 'conflict_name', 'dyad_dset_id', 'dyad_new_id'],
  ...['dyad_name', 'side_a_dset_id', 'side_a_new_id', 'side_a', 'side_b_dset_id'],
  ...['side_b_new_id', 'side_b', 'number_of_sources', 'source_article', 'source_office'],
  ...['source_date', 'source_headline', 'source_original', 'where_prec', 'where_coordinates'],
  ...['where_description', 'adm_1', 'adm_2', 'latitude', 'longitude', 'geom_wkt'],
  ...['priogrid_gid', 'country', 'country_id', 'region', 'event_clarity', 'date_prec'],
  ...['date_start', 'date_end', 'deaths_a', 'deaths_b', 'deaths_civilians', 'deaths_unknown'],
  ...['best', 'high', 'low', 'gwnoa', 'gwnob'],
];
/** Columns that are kept with the claim as UCDP has them. */
const codes = {
  scheme: 'ucdp',
  version: 'ged-49',
  columns: [
    ...['relid', 'type_of_violence', 'code_status', 'event_clarity', 'dyad_new_id'],
    ...['number_of_sources', 'source_original'],
  ],
};
const partColumns = ['deaths_a', 'deaths_b', 'deaths_civilians', 'deaths_unknown'] as const;

export const ucdpGed: Importer = {
  format: 'ucdp-ged',
  reads: 'csv',
  conflictId: undefined,
  entries: [
    actor(ucdpId, 'organisation', 'Uppsala Conflict Data Program'),
    actor(allSides, 'organisation', 'All sides of an event of UCDP together'),
    actor(civilians, 'organisation', 'Civilians, of no side of an event of UCDP'),
    actor(unknownSide, 'organisation', 'A side of an event of UCDP that is not known'),
  ],
  source: {
    outletId: ucdpId,
    editorId: ucdpId,
    url: 'https://ucdp.uu.se/downloads/',
    language: 'en',
    licence: 'CC-BY-4.0',
  },
  kinds: [
    {
      has: columns,
      prefix: ucdpId,
      headline: 'UCDP Georeferenced Event Dataset',
      datedAt: (fields) => dayAt(fields, 'date_end'),
      reader: (context) => (fields) => read(fields, context),
    },
  ],
  cause: 'claimant_revised',
};

function read(fields: Fields, context: Context): Draft {
  const text = (column: string) => textOf(fields, column);
  const [from = '', to = ''] = [dayAt(fields, 'date_start'), dayAt(fields, 'date_end')];
  const [low = -1, best = -1, high = -1] = ['low', 'best', 'high'].map((column) =>
    countOf(fields, column),
  );
  const point = pointOf(fields);
  const isId = (column: string) => /^\d{1,12}$/.test(text(column));
  const faults = faultsOf(fields, {
    id: isId('id'),
    conflict_new_id: isId('conflict_new_id'),
    side_a_new_id: isId('side_a_new_id'),
    side_b_new_id: isId('side_b_new_id'),
    date_start: from !== '',
    date_end: to >= from,
    date_prec: /^[1-5]$/.test(text('date_prec')),
    where_prec: /^[1-7]$/.test(text('where_prec')),
    latitude: point !== undefined,
    ...Object.fromEntries(
      partColumns.map((column) => [column, countOf(fields, column) !== undefined]),
    ),
    low: low >= 0,
    best: best >= low,
    high: high >= best,
  });
  if (faults.length > 0 || point === undefined) return rejected(...faults);

  const war: Said = {
    type: 'ConflictRegistered',
    id: `ucdp:conflict:${text('conflict_new_id')}`,
    data: { name: text('conflict_name') },
  };
  const sides = [sideOf(fields, 'a'), sideOf(fields, 'b')] as const;
  const where = placeOf(fields, point);
  const shared = {
    conflict_id: context.conflictId ?? war.id,
    attribution: {
      claimant_id: ucdpId,
      chain: [{ actor_id: ucdpId, role: 'originator' as const, report_id: context.reportId }],
    },
    occurred: { from, to, date_precision: Number(text('date_prec')) },
    places: [{ place_id: where.id, relation: 'at' as const }],
    place_precision: Number(text('where_prec')),
    external_codes: codesOf(fields, codes),
  };
  const { claims, absent } = deathsOf(fields, { low, best, high }, sides);
  return draftOf({
    entries: [...(context.conflictId === undefined ? [war] : []), ...sides, where],
    claims: claims.map(({ id, proposition }) => ({ id, content: { ...shared, proposition } })),
    absent,
  });
}

function deathsOf(
  fields: Fields,
  { low, best, high }: { low: number; best: number; high: number },
  [a, b]: readonly [Said, Said],
) {
  const idFor = (part: string) => `${ucdpId}:${textOf(fields, 'id')}:${part}`;
  const killed = (side_id: string, category: Category, quantity: Quantity) => ({
    kind: 'casualties' as const,
    side_id,
    category,
    outcome: 'killed' as const,
    quantity: { ...quantity, unit: '{person}', measure: 'increment' as const },
  });
  const total: Quantity =
    low === high
      ? { value: best, qualifier: 'unspecified' }
      : { value: low, value_best: best, value_to: high, qualifier: 'between' };
  const parts: Readonly<Record<Part, [string, Category]>> = {
    deaths_a: [a.id, 'military'],
    deaths_b: [b.id, 'military'],
    deaths_civilians: [civilians, 'civilian'],
    deaths_unknown: [unknownSide, 'unknown'],
  };
  const claims = [{ id: idFor('deaths'), proposition: killed(allSides, 'unknown', total) }];
  const absent: string[] = [];
  for (const part of partColumns) {
    const value = countOf(fields, part) as number;
    if (value === 0) absent.push(idFor(part));
    else {
      const proposition = killed(...parts[part], { value, qualifier: 'unspecified' });
      claims.push({ id: idFor(part), proposition });
    }
  }
  return { claims, absent };
}

type Part = (typeof partColumns)[number];
type Category = 'military' | 'civilian' | 'unknown';
type Quantity = {
  value: number;
  value_best?: number;
  value_to?: number;
  qualifier: 'unspecified' | 'between';
};

// A Gleditsch and Ward number is a state's.
function sideOf(fields: Fields, side: 'a' | 'b'): Said {
  const kind = textOf(fields, `gwno${side}`) === '' ? 'organisation' : 'state';
  const id = textOf(fields, `side_${side}_new_id`);
  return actor(`ucdp:actor:${id}`, kind, textOf(fields, `side_${side}`), {
    external_ids: [{ scheme: 'ucdp', value: id }],
  });
}

// A place is all that UCDP says of it; another description or point is another place.
function placeOf(fields: Fields, point: [number, number]): Said {
  const names = ['country', 'adm_1', 'adm_2', 'where_coordinates'].map((column) =>
    textOf(fields, column),
  );
  const value = names.filter((name) => name !== '').join(' / ');
  const name = names.findLast((name) => name !== '') ?? 'a place without a name';
  return place(idOf('ucdp:place', ...names, ...point), name, {
    point,
    external_ids: [{ scheme: 'ucdp', value }],
  });
}

// `2022-09-12 00:00:00.000`, and in some releases without the hour.
function dayAt(fields: Fields, column: string): string | undefined {
  return realDay(textOf(fields, column).replace(/ 00:00:00(\.000)?$/, ''));
}
