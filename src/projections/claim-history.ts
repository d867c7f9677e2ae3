/** What became of a claim: each event that changed how it stands, its own or another claim's. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db, EventsTable } from '../db.ts';
import { type EventType, upcast } from '../domain/catalogue.ts';
import { type ClaimEvent, claimEvents } from '../domain/claim.ts';
import { Attribution, code, orNull } from '../domain/vocabulary.ts';
import { prepared } from '../pooled-client.ts';
import { Lifecycle, Verification } from './claim-shape.ts';
import type { ClaimRow } from './claim-tables.ts';
import { claims } from './claims.ts';
import { verificationIn } from './known-claims.ts';
import type { At } from './vintage.ts';

const { assessor_id, verdict, source_reliability, information_credibility, method, evidence } =
  claimEvents.ClaimAssessed.properties;
const { cause, field } = claimEvents.ClaimCorrected.properties;
const { relation } = claimEvents.ClaimLinked.properties;

const Standing = Type.Object({ lifecycle: Lifecycle, verification: Verification });
const types = Object.keys(claimEvents) as [ClaimEvent['type']];

/** An item of GET /v1/claims/{id}/history. */
export const ClaimChange = Type.Object({
  position: Type.Integer(),
  event_id: Type.String(),
  recorded_at: Type.String(),
  type: code(...types),
  claim_id: Type.String({ description: 'Whose event it is: this claim or one linked with it.' }),
  by: Type.String({ description: 'Who is recorded as saying so.' }),
  asserted_at: orNull(Type.String()),
  attribution: Attribution,
  cause: orNull(cause),
  reason: orNull(Type.String()),
  field: orNull(field),
  from: Type.Optional(Type.Unknown({ description: 'What `field` was; absent: it was not there.' })),
  to: Type.Optional(Type.Unknown({ description: 'What it is since; absent: it is not there.' })),
  assessment: orNull(
    Type.Object({
      ...{ assessor_id, verdict, source_reliability, information_credibility, method, evidence },
    }),
  ),
  relation: orNull(relation),
  other_claim_id: orNull(Type.String({ description: 'That it is linked with or superseded by.' })),
  before: orNull(Standing),
  after: Standing,
});
export type ClaimChange = Static<typeof ClaimChange>;

/** Where a page begins: after the entry at this position. */
export type HistoryPage = { readonly after?: number | undefined; readonly limit: number };

/**
 * A page of the history of a claim, oldest first, up to `at`; undefined if there is no such claim.
 * A version of a claim's row is one event's work, and is made by nothing but a change of it.
 */
export async function listClaimHistory(
  db: Db,
  { as_of, table }: At,
  claimId: string,
  { after = 0, limit }: HistoryPage,
): Promise<{ items: ClaimChange[]; next: string | null } | undefined> {
  // The entry before the page comes with it: what it left is what the first one found.
  const { rows } = await sql<VersionRow>`${prepared}
    select c.since, c.lifecycle, c.body, e.id, e.recorded_at, e.type, e.schema_version, e.data
    from ${sql.table(table(claims, 'claims'))} c join events e on e.position = c.since
    where c.key = ${claimId} and c.since >= ${after} and c.since <= ${as_of.position}
    order by c.since limit ${limit + 2}`.execute(db);
  if (rows.length === 0 && after === 0) return undefined;
  const first = rows[0]?.since === after ? 1 : 0;
  const page = rows.slice(first, first + limit);
  const last = rows.length > first + limit ? page.at(-1) : undefined;
  return {
    items: page.map((row, i) => changeOf(row, rows[first + i - 1])),
    next: last === undefined ? null : String(last.since),
  };
}

/** The position that the text of a cursor of a history names; undefined if it names none. */
export function changeAfter(text: string): number | undefined {
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))
    ? Number(text)
    : undefined;
}

type VersionRow = { since: number } & Pick<ClaimRow, 'lifecycle' | 'body'> &
  Pick<EventsTable, 'id' | 'recorded_at' | 'type' | 'schema_version' | 'data'>;
/** What any of the events of claims may say. */
type AnyData = Pick<ClaimEvent['data'], 'claim_id' | 'attribution' | 'asserted_at'> &
  Partial<
    Pick<ClaimChange, 'field' | 'from' | 'to'> & {
      cause: ClaimChange['cause'];
      reason: string;
      relation: ClaimChange['relation'];
      other_claim_id: string;
      by_claim_id: string;
    }
  >;

function changeOf(after: VersionRow, before?: VersionRow) {
  const { since, id, recorded_at } = after;
  const { type, data: recorded } = upcast(after);
  const data = recorded as AnyData;
  return {
    position: since,
    event_id: id,
    recorded_at,
    type: type as ClaimEvent['type'],
    claim_id: data.claim_id,
    by: data.attribution.claimant_id,
    asserted_at: data.asserted_at ?? null,
    attribution: data.attribution,
    cause: data.cause ?? null,
    reason: data.reason ?? null,
    field: data.field ?? null,
    ...(data.from !== undefined && { from: data.from }),
    ...(data.to !== undefined && { to: data.to }),
    assessment: type === ('ClaimAssessed' satisfies EventType) ? assessmentOf(recorded) : null,
    relation: data.relation ?? null,
    other_claim_id: data.other_claim_id ?? data.by_claim_id ?? null,
    before: before === undefined ? null : standingOf(before),
    after: standingOf(after),
  };
}

function assessmentOf(data: unknown): NonNullable<ClaimChange['assessment']> {
  const { assessor_id, verdict, source_reliability, information_credibility, method, evidence } =
    data as NonNullable<ClaimChange['assessment']>;
  return {
    assessor_id,
    verdict,
    ...(source_reliability !== undefined && { source_reliability }),
    ...(information_credibility !== undefined && { information_credibility }),
    ...(method !== undefined && { method }),
    ...(evidence !== undefined && { evidence }),
  };
}

function standingOf({ lifecycle, body }: VersionRow): Static<typeof Standing> {
  return { lifecycle, verification: verificationIn(body) };
}
