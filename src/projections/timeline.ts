/** The timeline: everything said or done, one item per event. */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { catalogue, type DataOf, type EventType } from '../domain/catalogue.ts';
import type { ClaimAssessed } from '../domain/claim.ts';
import { findReferences } from '../domain/references.ts';
import { summaryOf } from '../domain/summary.ts';
import { verificationOf } from '../domain/verification.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import type { TimelineItem } from './timeline-page.ts';

type Row = {
  position: number;
  sort_at: string;
  type: string;
  conflict_id: string | null;
  claimant_id: string | null;
  actor_ids: string[];
  place_ids: string[];
  claim_id: string | null;
  item: Omit<TimelineItem, 'claim'>;
};

/** The tables; `timeline-page.ts` reads them. */
export const items = 'timeline_v1';
export const claims = 'timeline_v1_claims';
const names = 'timeline_v1_names';

/** Items, the names their summaries use, and the verification of the claims they concern. */
export const timeline: Projection = {
  name: 'timeline',
  version: 1,
  types: Object.keys(catalogue),
  async createTables(db) {
    await sql`create table if not exists ${sql.table(items)} (
      position bigint primary key, sort_at timestamptz not null, type text not null,
      conflict_id text, claimant_id text, actor_ids text[] not null, place_ids text[] not null,
      claim_id text, item json not null)`.execute(db);
    await sql`create index if not exists timeline_v1_order on ${sql.table(items)}
      (conflict_id, sort_at, position)`.execute(db);
    await sql`create table if not exists ${sql.table(names)} (
      stream text primary key, name text not null)`.execute(db);
    await sql`create table if not exists ${sql.table(claims)} (
      claim_id text primary key, assessments json not null, verification text not null)`.execute(
      db,
    );
  },
  async apply(transaction, events) {
    await saveNames(transaction, events);
    const saidOrDone = events.filter((event) => !isRegistration(event));
    await saveItems(transaction, await toRows(transaction, saidOrDone));
    await saveVerifications(transaction, events);
  },
};

type AnyData = Partial<DataOf<'ClaimMade'> & DataOf<'TroopsWithdrew'> & DataOf<'ReportPublished'>>;

async function toRows(db: Db, events: readonly RecordedEvent[]): Promise<Row[]> {
  const found = events.map((event) => ({ event, streams: streamsOf(event) }));
  const nameOf = await loadNames(db, new Set(found.flatMap(({ streams }) => streams)));
  return found.map(({ event, streams }) => {
    const data = event.data as AnyData;
    const ids = (category: string) => [
      ...new Set(
        streams
          .filter((stream) => stream.startsWith(`${category}-`))
          .map((stream) => stream.slice(category.length + 1)),
      ),
    ];
    const item = {
      position: event.position,
      event_id: event.id,
      type: event.type,
      stream: event.stream,
      conflict_id: data.conflict_id ?? null,
      occurred: data.occurred ?? null,
      asserted_at: data.asserted_at ?? null,
      published_at: data.published_at ?? null,
      recorded_at: event.recorded_at,
      claimant_id: data.attribution?.claimant_id ?? null,
      actor_ids: ids('actor'),
      places: data.places ?? ids('place').map((place_id) => ({ place_id })),
      summary: {
        text: summaryOf(event.type as EventType, event.data as never, nameOf),
        language: 'en',
      },
      data: event.data,
    };
    return {
      position: event.position,
      sort_at: data.occurred?.from ?? data.asserted_at ?? data.published_at ?? event.recorded_at,
      type: event.type,
      conflict_id: item.conflict_id,
      claimant_id: item.claimant_id,
      actor_ids: item.actor_ids,
      place_ids: ids('place'),
      claim_id: data.claim_id ?? null,
      item,
    };
  });
}

// The entity an event registers or concerns, and all that its data points to.
function streamsOf(event: RecordedEvent): string[] {
  const own = event.stream.replace(/^force-/, 'actor-');
  const schema = catalogue[event.type as EventType];
  return [own, ...findReferences(schema, event.data).map(({ stream }) => stream)];
}

// A register entry gives names; it is nothing said or done.
function isRegistration({ type }: RecordedEvent): boolean {
  return type.endsWith('Registered');
}

async function loadNames(db: Db, streams: ReadonlySet<string>) {
  const { rows } = await sql<{ stream: string; name: string }>`
    select stream, name from ${sql.table(names)}
    where stream = any (${[...streams]}::text[])`.execute(db);
  const known = new Map(rows.map(({ stream, name }) => [stream, name]));
  return (category: string, id: string) => known.get(`${category}-${id}`) ?? id;
}

async function saveNames(db: Db, events: readonly RecordedEvent[]): Promise<void> {
  const named = events.filter(isRegistration);
  if (named.length === 0) return;
  await sql`
    insert into ${sql.table(names)} (stream, name)
    select * from unnest(${named.map(({ stream }) => stream)}::text[],
                         ${named.map(({ data }) => (data as { name: string }).name)}::text[])
    on conflict (stream) do update set name = excluded.name`.execute(db);
}

async function saveItems(db: Db, rows: readonly Row[]): Promise<void> {
  // As JSON, because unnest would flatten the arrays of a batch into one.
  await sql`
    insert into ${sql.table(items)}
    select r.position, r.sort_at, r.type, r.conflict_id, r.claimant_id,
           r.actor_ids, r.place_ids, r.claim_id, r.item
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(
      position bigint, sort_at timestamptz, type text, conflict_id text, claimant_id text,
      actor_ids text[], place_ids text[], claim_id text, item json)`.execute(db);
}

async function saveVerifications(db: Db, events: readonly RecordedEvent[]): Promise<void> {
  const touched = new Map<string, ClaimAssessed[]>();
  for (const { type, data } of events) {
    if (type !== 'ClaimMade' && type !== 'ClaimAssessed') continue;
    const { claim_id } = data as ClaimAssessed;
    const assessments = touched.get(claim_id) ?? [];
    touched.set(claim_id, type === 'ClaimMade' ? [] : [...assessments, data as ClaimAssessed]);
  }
  if (touched.size === 0) return;
  const { rows } = await sql<{ claim_id: string; assessments: ClaimAssessed[] }>`
    select claim_id, assessments from ${sql.table(claims)}
    where claim_id = any (${[...touched.keys()]}::text[])`.execute(db);
  for (const { claim_id, assessments } of rows) {
    touched.set(claim_id, [...assessments, ...(touched.get(claim_id) ?? [])]);
  }
  const all = [...touched.values()];
  await sql`
    insert into ${sql.table(claims)} (claim_id, assessments, verification)
    select * from unnest(${[...touched.keys()]}::text[],
                         ${all.map((one) => JSON.stringify(one))}::json[],
                         ${all.map((one) => verificationOf(one).status)}::text[])
    on conflict (claim_id) do update
      set assessments = excluded.assessments, verification = excluded.verification`.execute(db);
}
