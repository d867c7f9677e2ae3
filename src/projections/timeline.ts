/** The timeline: everything said or done, one small row per event to find it by. */
import { type DataOf, eventTypes } from '../domain/catalogue.ts';
import { startMs } from '../domain/times.ts';
import type { Fact, Projection } from './projection.ts';
import type { Rows } from './rows.ts';
import { foundBy, isItem, longTag } from './timeline-item.ts';

type Tables = Readonly<Record<string, Rows>>;

/** When it went on, in SQL. A source may have it end in another zone before it began in its own. */
export const goingOn = "tstzrange(sort_at, greatest(sort_at, occurred_until), '[]')";

/**
 * What is shown of an item is in the log: a row holds what it is found and sorted by. It is
 * published when its report is, else when the one in its chain that appeared first was, as they
 * were known then.
 */
export const timeline: Projection = {
  name: 'timeline',
  version: 5,
  types: eventTypes,
  tables: {
    items: {
      columns: {
        sort_at: 'timestamptz',
        conflict_id: 'text',
        claim_id: 'text',
        occurred_until: 'timestamptz',
        published_at: 'timestamptz',
        tags: 'tags',
      },
      indexes: ['sort_at', 'conflict_id, sort_at'],
      inverted: ['tags'],
      otherIndexes: [`using gist (${goingOn}) where tags @> '{${longTag}}'`],
      once: true,
    },
    reports: { columns: {}, indexes: [] },
  },
  hint(event, want) {
    for (const id of reportIdsOf(event)) want('reports', id);
  },
  project(event, rows) {
    if (!isItem(event)) return;
    const published_at = publishedAt(event, rows);
    const { sort_at, conflict_id, claim_id, occurred_until, tags } = foundBy(event);
    // As it was told: a date, or an instant of some zone.
    const body = published_at === null ? {} : { published_at };
    rows.items?.put(String(event.position), {
      sort_at,
      conflict_id,
      claim_id,
      occurred_until,
      published_at,
      tags,
      body,
    });
  },
};

type ReportBody = { readonly published_at: string };

function publishedAt(event: Fact, { reports }: Tables): string | null {
  const { report_id, published_at } = event.data as Partial<DataOf<'ReportPublished'>>;
  if (report_id !== undefined && published_at !== undefined) {
    const row = { body: { published_at } satisfies ReportBody };
    if (event.type === 'ReportPublished') reports?.add(report_id, row);
    else reports?.put(report_id, row);
    return published_at;
  }
  let first: string | null = null;
  for (const id of reportIdsOf(event)) {
    const { published_at } = (reports?.get(id)?.body ?? {}) as Partial<ReportBody>;
    if (published_at === undefined) continue;
    if (first === null || startMs(published_at) < startMs(first)) first = published_at;
  }
  return first;
}

// The report that it is about, and those of its chain.
function reportIdsOf({ data }: Fact): string[] {
  const { attribution, report_id } = data as Partial<
    DataOf<'ClaimMade'> & DataOf<'ReportCorrected'>
  >;
  const ids = report_id === undefined ? [] : [report_id];
  for (const { report_id: id } of attribution?.chain ?? []) if (id !== undefined) ids.push(id);
  return ids;
}
