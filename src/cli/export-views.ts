/** The timeline and the claims of a range of positions, in the formats that the API has. */
import type { Db } from '../db.ts';
import { shownClaims } from '../http/claim-shown.ts';
import { csvOf } from '../http/csv.ts';
import { type List, linesOf, pagesFrom, type Shown, streamedItemsMax } from '../http/formats.ts';
import { shownTimeline } from '../http/timeline-shown.ts';
import { claimAfter, listClaims } from '../projections/claim-list.ts';
import { claims } from '../projections/claims.ts';
import { registry } from '../projections/registry.ts';
import { afterOf, listTimeline, timelineParts } from '../projections/timeline-page.ts';
import {
  type AsOf,
  type At,
  BeyondLog,
  readVintage,
  ViewBehind,
  waitForPosition,
} from '../projections/vintage.ts';
import { UsageError } from './exit.ts';

/** How long views are waited for that are not yet where the log is. */
const waitMs = 10_000;
const formats = ['ndjson', 'csv', 'geojson'] as const;

/** Positions of the log, both within it. */
export type Range = { readonly from: number; readonly to: number };
/** A part of what is written, and how many items are in it. */
export type Part = { readonly text: string; readonly count: number };
export type ViewAsked = {
  readonly view: 'timeline' | 'claims';
  readonly format: (typeof formats)[number];
  readonly conflict: string | undefined;
  /** As of which position; undefined: as of the end of the log. */
  readonly at: number | undefined;
};
type Item = { readonly position: number };

/** Throws `UsageError` for what there is not. */
export function viewAskedOf(
  view: string,
  asked: Omit<ViewAsked, 'view' | 'format'> & { format: string },
): ViewAsked {
  const format = formats.find((one) => one === asked.format);
  if (view !== 'timeline' && view !== 'claims') {
    throw new UsageError(`there is no "${view}" to export, only events, timeline, claims`);
  }
  if (format === undefined) throw new UsageError(`--format: one of ${formats.join(', ')}`);
  return { ...asked, view, format };
}

/**
 * What was recorded first in the range, as it stands at `at`, in order of position: read page by
 * page, all as of one position. Throws where the views do not come to it in time.
 */
export async function exportView(
  db: Db,
  { view, format, conflict, at }: ViewAsked,
  range: Range,
  head: number,
): Promise<{ as_of: AsOf; parts: AsyncGenerator<Part> }> {
  const write = { ndjson: writeLines, csv: writeCsv, geojson: writeFeatures }[format];
  const open = async <One extends Item, After>(list: List<One, After>, after: After) => {
    const vintage = await vintageAt(list, at ?? head);
    const pages = pagesWithin(list, vintage, after, range.to);
    const parts = write(list.shown, pages, vintage.as_of);
    return { as_of: vintage.as_of, parts };
  };
  const query = {
    order: 'asc',
    sort: 'position',
    ...(conflict !== undefined && { conflict }),
  } as const;
  const before = range.from - 1;
  if (view === 'claims') {
    return open(
      {
        ...{ db, projections: [claims, registry], shown: shownClaims(db), afterOf: claimAfter },
        read: (at, page) => listClaims(db, at, { ...query, ...page }),
      },
      { saidMs: 0, position: before },
    );
  }
  return open(
    {
      ...{ db, projections: timelineParts, shown: shownTimeline(db), afterOf },
      read: (at, page) => listTimeline(db, at, { ...query, ...page }),
    },
    { sort_at: '', position: before },
  );
}

async function vintageAt(
  { db, projections }: Pick<List<Item, never>, 'db' | 'projections'>,
  position: number,
) {
  try {
    await waitForPosition(db, projections, position, waitMs);
  } catch (error) {
    if (error instanceof BeyondLog) throw new UsageError(`--at: ${error.message}`);
    if (!(error instanceof ViewBehind)) throw error;
    throw new Error(`${error.message}: is a process with the role projector running?`);
  }
  return readVintage(db, projections, { at_position: position });
}

type Pages<One> = AsyncGenerator<{ readonly items: readonly One[]; readonly at: At }>;

async function* pagesWithin<One extends Item, After>(
  list: List<One, After>,
  at: At,
  after: After,
  to: number,
): Pages<One> {
  const first = await list.read(at, { after, limit: streamedItemsMax });
  if (first === undefined) return;
  for await (const page of pagesFrom(list, at, first)) {
    const items = page.items.filter(({ position }) => position <= to);
    yield { items, at: page.at };
    if (items.length < page.items.length) return;
  }
}

async function* writeLines<One>(_shown: Shown<One>, pages: Pages<One>): AsyncGenerator<Part> {
  for await (const { items } of pages) yield { text: linesOf(items), count: items.length };
}

async function* writeCsv<One>(shown: Shown<One>, pages: Pages<One>): AsyncGenerator<Part> {
  for (let header = true; ; header = false) {
    const { value: page, done } = await pages.next();
    if (done) return;
    const text = csvOf(shown.columns, page.items, { header });
    yield { text, count: page.items.length };
  }
}

// One object, as RFC 7946 has it; its foreign members are those of a page over HTTP.
async function* writeFeatures<One>(
  shown: Shown<One>,
  pages: Pages<One>,
  as_of: AsOf,
): AsyncGenerator<Part> {
  const collection = JSON.stringify({ type: 'FeatureCollection', as_of }).slice(0, -1);
  yield { text: `${collection},"features":[`, count: 0 };
  let isFirst = true;
  for await (const { items, at } of pages) {
    const features = (await shown.features?.(items, at)) ?? [];
    if (features.length === 0) continue;
    const text = features.map((feature) => JSON.stringify(feature)).join(',\n');
    yield { text: `${isFirst ? '\n' : ',\n'}${text}`, count: items.length };
    isFirst = false;
  }
  yield { text: '\n]}\n', count: 0 };
}
