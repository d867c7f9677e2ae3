/** Claims as they stand, one by one and as a list: each with its claimant and its status. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { claimEvents } from '../domain/claim.ts';
import { Proposition } from '../domain/proposition.ts';
import { saidAtMs } from '../domain/recorded.ts';
import { Attribution, code, ExternalCode, Occurred, PlaceMention } from '../domain/vocabulary.ts';
import type { ClaimBody } from './claim-tables.ts';
import { claims } from './claims.ts';
import { isRecordedWithin, isWithin, markedBy, markOf, momentAt } from './moments.ts';
import { heldAt } from './rows.ts';
import { AsOf, type At } from './vintage.ts';

const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const { assessor_id, verdict, source_reliability, information_credibility } =
  claimEvents.ClaimAssessed.properties;
const { relation } = claimEvents.ClaimLinked.properties;
const Link = Type.Object({ relation, claim_id: Type.String() });

export const lifecycles = ['active', 'corrected', 'superseded', 'retracted'] as const;
export const statuses = [
  'unverified',
  'could_not_verify',
  'corroborated',
  'disputed',
  'verified',
  'refuted',
] as const;

const count = Type.Integer({ minimum: 0 });
/** What assessments, sources and links amount to, under a named policy. */
export const Verification = Type.Object({
  status: code(...statuses),
  policy: Type.String(),
  counts: Type.Object({
    could_not_verify: count,
    corroborated: count,
    disputed: count,
    verified: count,
    refuted: count,
  }),
  independent_origins: Type.Integer({ minimum: 1, description: 'Itself among them.' }),
});
export const Lifecycle = code(...lifecycles);

/** A claim as it reads after its corrections. */
export const Claim = Type.Object({
  id: Type.String(),
  conflict_id: Type.String(),
  claimant_id: Type.String(),
  attribution: Attribution,
  proposition: Proposition,
  occurred: OrNull(Occurred),
  asserted_at: OrNull(Type.String()),
  places: Type.Array(PlaceMention),
  place_precision: OrNull(Type.Integer()),
  external_codes: Type.Array(ExternalCode),
  verification: Verification,
  is_adverse: Type.Boolean({
    description: "It goes against the interest of the claimant's own side.",
  }),
  assessments: Type.Array(
    Type.Object({
      assessor_id,
      verdict,
      source_reliability,
      information_credibility,
      asserted_at: OrNull(Type.String()),
      position: Type.Integer(),
    }),
  ),
  lifecycle: Lifecycle,
  superseded_by: OrNull(Type.String()),
  links: Type.Array(Link, { description: 'From this claim to others.' }),
  linked_by: Type.Array(Link, { description: 'From others to this claim.' }),
  repetitions: Type.Array(Attribution, { description: 'Where else it was found.' }),
  report_ids: Type.Array(Type.String()),
  version: Type.Integer(),
  recorded_at: Type.String({ description: 'When it was first recorded.' }),
  position: Type.Integer({ description: 'Where it was first recorded.' }),
  last_recorded_at: Type.String({ description: 'Of the last event in its stream.' }),
  last_position: Type.Integer(),
});
export type Claim = Static<typeof Claim>;

/** GET /v1/claims/{id}. */
export const ClaimAsOf = Type.Object({ ...Claim.properties, as_of: AsOf });

/** Which claims to list: every filter given must hold. */
export type ClaimQuery = {
  readonly conflict?: string;
  readonly claimant?: string;
  readonly kind?: string;
  readonly actor?: string;
  readonly place?: string;
  readonly report?: string;
  readonly side?: string;
  readonly verification?: string;
  readonly lifecycle?: string;
  readonly said_from?: string;
  readonly said_to?: string;
  readonly occurred_from?: string;
  readonly occurred_to?: string;
  readonly recorded_from?: string;
  readonly recorded_to?: string;
  readonly sort: 'said' | 'position';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: ClaimCursor | undefined;
};
/** The last claim of the page before: when it was said, -Infinity where that is not told. */
export type ClaimCursor = { readonly saidMs: number; readonly position: number };

/** A page of claims as they stood at `at`; `next` is the text of the cursor of the next one. */
export async function listClaims(
  db: Db,
  { as_of, table }: At,
  query: ClaimQuery,
): Promise<{ items: Claim[]; next: string | null }> {
  const { sort, order, limit, after } = query;
  const columns = sort === 'position' ? ['t.made'] : ['t.said_at', 't.made'];
  const by = columns.map((column) => sql`${sql.ref(column)} ${sql.raw(order)}`);
  const wanted = [
    heldAt(as_of.position),
    ...conditionsOf(query, as_of.position),
    ...(after === undefined ? [] : [beyond(sort, order, after)]),
  ];
  const { rows } = await sql<{ body: ClaimBody }>`
    select body from ${sql.table(table(claims, 'claims'))} t where ${sql.join(wanted, sql` and `)} order by ${sql.join(by)} limit ${limit + 1}`.execute(
    db,
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1)?.body.state : undefined;
  return {
    items: page.map(({ body }) => claimOf(body)),
    next: last === undefined ? null : `${markOf(saidAtMs(last.current))}~${last.position}`,
  };
}

/** The claim that the text of a cursor names; undefined if it names none. */
export function claimAfter(text: string): ClaimCursor | undefined {
  const [said, position, ...others] = text.split('~').map(markedBy);
  if (said === undefined || position === undefined || others.length > 0) return undefined;
  return Number.isFinite(position) ? { saidMs: said, position } : undefined;
}

/** The claim as it stood at `at`; undefined if there was none. */
export async function findClaim(
  db: Db,
  at: At,
  id: string,
): Promise<Static<typeof ClaimAsOf> | undefined> {
  const [body] = await readClaims(db, at, [id]);
  return body && { ...claimOf(body), as_of: at.as_of };
}

/** The claims of these ids, as far as there are such, in order of id. */
export async function readClaims(
  db: Db,
  { as_of, table }: At,
  ids: readonly string[],
): Promise<ClaimBody[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ body: ClaimBody }>`
    select body from ${sql.table(table(claims, 'claims'))} t
    where key = any (${[...ids]}::text[]) and ${heldAt(as_of.position)} order by key`.execute(db);
  return rows.map(({ body }) => body);
}

/** The claim as the API shows it. */
export function claimOf({ state, verification, is_adverse, linked_by }: ClaimBody): Claim {
  const { current, assessments } = state;
  return {
    id: current.claim_id,
    conflict_id: current.conflict_id,
    claimant_id: current.attribution.claimant_id,
    attribution: current.attribution,
    proposition: current.proposition,
    occurred: current.occurred ?? null,
    asserted_at: current.asserted_at ?? null,
    places: current.places ?? [],
    place_precision: current.place_precision ?? null,
    external_codes: current.external_codes ?? [],
    verification,
    is_adverse,
    assessments: assessments.map(({ asserted_at = null, ...one }) => ({
      assessor_id: one.assessor_id,
      verdict: one.verdict,
      ...(one.source_reliability && { source_reliability: one.source_reliability }),
      ...(one.information_credibility && { information_credibility: one.information_credibility }),
      asserted_at,
      position: one.position,
    })),
    lifecycle: state.lifecycle,
    superseded_by: state.superseded_by,
    links: [...state.links],
    linked_by: [...linked_by],
    repetitions: [...state.repetitions],
    report_ids: [...state.report_ids],
    version: state.version,
    recorded_at: state.recorded_at,
    position: state.position,
    last_recorded_at: state.last_recorded_at,
    last_position: state.last_position,
  };
}

function conditionsOf(query: ClaimQuery, position: number) {
  const { conflict, claimant, kind, verification, lifecycle, side } = query;
  const equal = { conflict_id: conflict, claimant_id: claimant, kind, verification, lifecycle };
  const tags = [
    ...tagOf('actor', query.actor),
    ...tagOf('place', query.place),
    ...tagOf('report', query.report),
    // Whose losses they are is an actor that the claim names, too: so the index serves.
    ...tagOf('actor', side),
  ];
  const sideOf = sql`t.body #>> '{state,current,proposition,side_id}'`;
  return [
    ...Object.entries(equal).flatMap(([column, value]) =>
      value === undefined ? [] : [sql`${sql.ref(`t.${column}`)} = ${value}`],
    ),
    ...(tags.length === 0 ? [] : [sql`t.tags @> ${tags}::text[]`]),
    ...(side === undefined ? [] : [sql`${sideOf} = ${side}`]),
    ...isWithin('t.said_at', { from: query.said_from, to: query.said_to }),
    ...isWithin('t.occurred_at', { from: query.occurred_from, to: query.occurred_to }),
    ...isRecordedWithin('t.made', { from: query.recorded_from, to: query.recorded_to }, position),
    // Who does not say when said it at no time that could be asked for.
    ...(query.said_to === undefined ? [] : [sql`t.said_at > '-infinity'`]),
  ];
}

function tagOf(category: string, id: string | undefined): string[] {
  return id === undefined ? [] : [`${category}:${id}`];
}

function beyond(sort: string, order: string, { saidMs, position }: ClaimCursor) {
  const than = sql.raw(order === 'asc' ? '>' : '<');
  if (sort === 'position') return sql`t.made ${than} ${position}`;
  return sql`(t.said_at, t.made) ${than} (${momentAt(saidMs)}, ${position}::bigint)`;
}
