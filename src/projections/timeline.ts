/** The timeline: everything said or done, one item per event. */
import { catalogue, type DataOf, eventTypes } from '../domain/catalogue.ts';
import { findReferences } from '../domain/references.ts';
import { type NameOf, summaryOf } from '../domain/summary.ts';
import { type Standing, standingAfter } from './claim-state.ts';
import type { Fact, Projection } from './projection.ts';
import type { Rows } from './rows.ts';

type AnyData = Partial<DataOf<'ClaimMade'> & DataOf<'TroopsWithdrew'> & DataOf<'ReportPublished'>>;
type Tables = Readonly<Record<string, Rows>>;

/**
 * Items, which nothing changes; what has become of the claims they concern; and the names that
 * their summaries use, as they were when the item came.
 */
export const timeline: Projection = {
  name: 'timeline',
  version: 2,
  types: eventTypes,
  tables: {
    items: {
      columns: {
        sort_at: 'timestamptz',
        type: 'text',
        conflict_id: 'text',
        claimant_id: 'text',
        actor_ids: 'text[]',
        place_ids: 'text[]',
        claim_id: 'text',
      },
      indexes: ['sort_at', 'conflict_id, sort_at', 'claimant_id, sort_at'],
    },
    claims: { columns: { verification: 'text', lifecycle: 'text' }, indexes: [] },
    names: { columns: {}, indexes: [] },
  },
  keysOf: (event) => ({
    names: isRegistration(event) ? [] : streamsOf(event),
    claims: isOfClaim(event) && event.version > 1 ? [event.stream] : [],
  }),
  project(event, rows) {
    name(event, rows);
    if (isRegistration(event)) return;
    if (isOfClaim(event)) followClaim(event, rows);
    addItem(event, rows);
  },
};

function addItem(event: Fact, { items, names }: Tables): void {
  const data = event.data as AnyData;
  const streams = streamsOf(event);
  const nameOf: NameOf = (category, id) =>
    (names?.get(`${category}-${id}`)?.body as { name: string } | undefined)?.name ?? id;
  const actor_ids = idsOf(streams, 'actor');
  const place_ids = idsOf(streams, 'place');
  const shared = {
    type: event.type,
    conflict_id: data.conflict_id ?? null,
    claimant_id: data.attribution?.claimant_id ?? null,
  };
  const body = {
    position: event.position,
    event_id: event.id,
    ...shared,
    stream: event.stream,
    occurred: data.occurred ?? null,
    asserted_at: data.asserted_at ?? null,
    published_at: data.published_at ?? null,
    recorded_at: event.recorded_at,
    actor_ids,
    places: data.places ?? place_ids.map((place_id) => ({ place_id })),
    summary: { text: summaryOf(event.type, event.data as never, nameOf), language: 'en' },
    data: event.data,
  };
  items?.put(String(event.position), {
    ...shared,
    sort_at: data.occurred?.from ?? data.asserted_at ?? data.published_at ?? event.recorded_at,
    actor_ids,
    place_ids,
    claim_id: data.claim_id ?? null,
    body,
  });
}

function followClaim(event: Fact, { claims }: Tables): void {
  const before = claims?.get(event.stream)?.body as Standing | undefined;
  const standing = standingAfter(before, event);
  if (standing === before) return;
  const { verification, lifecycle } = standing;
  claims?.put(event.stream, { verification, lifecycle, body: standing });
}

function name(event: Fact, { names }: Tables): void {
  if (!isRegistration(event) && event.type !== 'ActorRenamed') return;
  const { name } = event.data as { name: string };
  names?.put(event.stream, { body: { name } });
}

// Asked for twice of each event: for its keys, and for its item.
const known = new WeakMap<Fact, readonly string[]>();

// The entity an event registers or concerns, and all that its data points to.
function streamsOf(event: Fact): readonly string[] {
  const before = known.get(event);
  if (before !== undefined) return before;
  const own = event.stream.replace(/^force-/, 'actor-');
  const references = findReferences(catalogue[event.type], event.data);
  const streams = [own, ...references.map(({ stream }) => stream)];
  known.set(event, streams);
  return streams;
}

function idsOf(streams: readonly string[], category: string): string[] {
  const ids = streams
    .filter((stream) => stream.startsWith(`${category}-`))
    .map((stream) => stream.slice(category.length + 1));
  return [...new Set(ids)];
}

// A register entry gives names; it is nothing said or done.
function isRegistration({ type }: Fact): boolean {
  return type.endsWith('Registered');
}

function isOfClaim({ stream }: Fact): boolean {
  return stream.startsWith('claim-');
}
