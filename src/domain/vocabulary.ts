/**
 * The words every event and command share: identifiers, times, places, attribution. A schema here
 * is the one source of its TypeScript type, its validation and its place in the API documents.
 */
import { type Static, type TSchema, Type } from 'typebox';

/**
 * Longest text of any field, in UTF-16 code units: short quotes and reasons, never whole articles.
 */
export const textLengthMax = 4_000;
/** Most entries of any list in a command: places, hops of a chain, parties. */
export const listItemsMax = 100;

/**
 * A TypeBox union that validators can choose a branch of by one property (OpenAPI discriminator).
 */
export function taggedUnion<T extends TSchema[]>(property: string, branches: [...T]) {
  return Type.Unsafe<Static<T[number]>>({
    type: 'object',
    discriminator: { propertyName: property },
    required: [property],
    oneOf: branches,
  });
}

/** A closed object: an unknown member is an error, never dropped. */
export function strictObject<P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}

/** One of a closed list of codes. */
export function code<const T extends readonly [string, ...string[]]>(...values: T) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: values });
}

/** A value that may be missing, and is null then. */
export function orNull<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** A list with a bound; `itemsMin` 1 where an empty list would say nothing. */
export function list<T extends TSchema>(items: T, itemsMin = 0) {
  return Type.Array(items, { minItems: itemsMin, maxItems: listItemsMax });
}

// No C0/C1 controls but tab and line feed, no bidirectional controls (they make a name read as
// another), no lone surrogates (not representable in UTF-8).
const controls = '\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F';
const bidirectional = '\\u202A-\\u202E\\u2066-\\u2069';
const surrogates = '\\uD800-\\uDFFF';
const cleanText = `^[^${controls}${bidirectional}${surrogates}]*$`;

/** Human text, as the source or the recorder wrote it. */
export const Text = Type.String({ minLength: 1, maxLength: textLengthMax, pattern: cleanText });

const idPattern = '^[a-z0-9][a-z0-9._:-]{0,127}$';

/** An identifier chosen by a client, or a UUIDv7 made by the service. */
export const EntityId = Type.String({ pattern: idPattern });

/** The id of a claim, which is none of the names that stand in its place in the API's paths. */
export const NewClaimId = Type.String({ pattern: idPattern, not: { const: 'conflicts' } });

/** The stream categories that other streams' facts may point to. */
export type ReferenceCategory = 'conflict' | 'actor' | 'place' | 'report' | 'claim' | 'agreement';

// Upper case too, because ISO 3166-2 codes are written so: `iso:UA-63`.
const placeIdPattern = '^[a-z0-9][A-Za-z0-9._:-]{0,127}$';

/** The identifier of a place: `geonames:707292`, `iso:UA-63`. */
export const PlaceEntityId = Type.String({ pattern: placeIdPattern });

/** An identifier that must name a registered entity of `category`; see `findReferences`. */
export function reference(category: ReferenceCategory) {
  const pattern = category === 'place' ? placeIdPattern : idPattern;
  return Type.String({ pattern, 'x-refers-to': category });
}

export const ConflictId = reference('conflict');
export const ActorId = reference('actor');
export const PlaceId = reference('place');
export const ReportId = reference('report');
export const ClaimId = reference('claim');
export const AgreementId = reference('agreement');

// Narrower than RFC 3339: no leap second and offsets to +-14:59 only, because PostgreSQL's
// timestamptz moves the one and refuses the other; years 1000 to 2999.
const instantPattern =
  '^[12]\\d{3}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:[0-5]\\d(\\.\\d{1,6})?(Z|[+-](0\\d|1[0-4]):[0-5]\\d)$';
const datePattern = '^[12]\\d{3}-\\d{2}-\\d{2}$';

/** RFC 3339 date-time, zone required. */
export const Instant = Type.String({ format: 'date-time', pattern: instantPattern });
/** RFC 3339 full-date. */
export const CalendarDate = Type.String({ format: 'date', pattern: datePattern });
/** An instant where the source gives one, else a date: precision is never added. */
export const Moment = Type.Union([Instant, CalendarDate]);
/** BCP 47 language tag, such as `id` or `uk`. */
export const Language = Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' });
/** An absolute http(s) address. */
export const Url = Type.String({ format: 'uri', pattern: '^https?://[^\\s]+$', maxLength: 2_000 });

/** Valid time. `date_precision` as UCDP GED: 1 exact day or better ... 5 up to a year. */
export const Occurred = strictObject({
  from: Moment,
  to: Type.Optional(Moment),
  date_precision: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
});

/** A place and how the thing said relates to it. */
export const PlaceMention = strictObject({
  place_id: PlaceId,
  relation: code('at', 'near', 'in_direction_of', 'between', 'along', 'area_of'),
});

/** `where_prec` of UCDP GED: 1 exact ... 7 international. */
export const PlacePrecision = Type.Integer({ minimum: 1, maximum: 7 });

/** The source's own words: short, with where they stand. */
export const Quote = strictObject({
  text: Text,
  language: Language,
  translation: Type.Optional(Text),
  locator: Type.Optional(Text),
});

/** Who says it, and through which hops it came: originator, then relays, then publisher. */
export const Attribution = strictObject({
  claimant_id: ActorId,
  chain: list(
    strictObject({
      actor_id: ActorId,
      role: code('originator', 'relay', 'publisher'),
      report_id: Type.Optional(ReportId),
    }),
  ),
  quote: Type.Optional(Quote),
});

/** What an assessment rests on. */
export const Evidence = strictObject({ description: Text, url: Type.Optional(Url) });

/** A code of another classification, such as an ACLED sub-event type. */
export const ExternalCode = strictObject({ scheme: Text, version: Text, code: Text });

/** A name of the same entity in another register, such as GeoNames or Wikidata. */
export const ExternalId = strictObject({ scheme: Text, value: Text });

/** What every act and claim carries beside its own fields: no unattributed fact is recorded. */
export const attributed = {
  conflict_id: ConflictId,
  attribution: Attribution,
  occurred: Type.Optional(Occurred),
  asserted_at: Type.Optional(Moment),
};

/** Where a thing said is said to have happened. */
export const located = {
  places: Type.Optional(list(PlaceMention)),
  place_precision: Type.Optional(PlacePrecision),
  external_codes: Type.Optional(list(ExternalCode)),
};

/** What supports a statement about control or movement. */
export const Basis = code('claimed', 'acknowledged', 'observed', 'assessed');
