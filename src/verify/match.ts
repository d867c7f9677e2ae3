/**
 * Whether views are what the log makes of them, told beside the live tables: each version that the
 * log makes is looked up where it ought to be, and nothing is stored. If all are there as they are
 * made, and there are no more, the tables hold these and no others.
 *
 * What a fold needs again it loads from the live tables as of its own position: up to there they
 * were found to be right, or the answer is no already (docs/decisions/0017).
 */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Pipeline } from '../pipeline.ts';
import { foldingOf, type Keeping } from '../projections/apply.ts';
import { laneConnections } from '../projections/connections.ts';
import { findGeneration, type Generation } from '../projections/generations.ts';
import { type Page, pagesOf } from '../projections/pages.ts';
import type { Projection } from '../projections/projection.ts';
import { forever, tableOf } from '../projections/rows.ts';
import { loadRows, type Send, type Statement } from '../projections/statements.ts';
import { comparisons } from './comparisons.ts';

export type MatchParts = {
  readonly db: Db;
  readonly store: EventStore;
  /** Opens a pipelined connection; two are held meanwhile. */
  readonly connect: () => Promise<Pipeline>;
};
export type Match = {
  readonly projection: Projection;
  /** Versions that the table has, those that have ended among them. */
  readonly rows: number;
  readonly isSame: boolean;
};

const countTimeout = '1h';
/** Events. Of twice as many more is alive when the garbage collector comes: 7 % of the time. */
const pageSize = 500;

/** Of the live generation of each that has one, as of where it is when this begins. */
export async function matchViews(
  { db, store, connect }: MatchParts,
  projections: readonly Projection[],
  onPage: (position: number) => void,
): Promise<Match[]> {
  const found = await Promise.all(projections.map((one) => findGeneration(db, one, 'live')));
  const matchings = projections.flatMap((projection, i) => {
    const live = found[i];
    return live === undefined ? [] : [matchingOf(projection, live)];
  });
  const counting = countRows(db, matchings);
  // What fails before it is waited for is reported when it is.
  counting.catch(() => undefined);
  const connections = laneConnections(connect);
  try {
    await replay(store, await connections.open(), matchings, onPage);
  } finally {
    await connections.close();
  }
  const counts = await counting;
  return matchings.map(({ projection, tally }, i) => {
    const { rows, ended } = counts[i] as Counts;
    const isSame = tally.differing === 0 && tally.made === rows && tally.ended === ended;
    return { projection, rows, isSame };
  });
}

type Counts = { readonly rows: number; readonly ended: number };
type Matching = {
  readonly projection: Projection;
  readonly live: Generation;
  readonly folding: ReturnType<typeof foldingOf>;
  /** Of versions up to the live generation's position. */
  readonly tally: { made: number; ended: number; differing: number };
};

function matchingOf(projection: Projection, live: Generation): Matching {
  const tally = { made: 0, ended: 0, differing: 0 };
  const keeping: Keeping = {
    load: loadRows,
    save: (stored, table, batch) => {
      tally.made += batch.made.length;
      tally.ended += batch.ended.length + batch.made.filter(({ until }) => until < forever).length;
      return comparisons(stored, table, batch);
    },
  };
  return { projection, live, tally, folding: foldingOf(projection, live.generation, 0, keeping) };
}

async function replay(
  store: EventStore,
  { send, load }: { send: Send; load: Send },
  matchings: readonly Matching[],
  onPage: (position: number) => void,
): Promise<void> {
  const pages = pagesOf(store, pageSize);
  const through = Math.max(0, ...matchings.map(({ live }) => live.position));
  // What a page has made is compared while the next one is folded.
  let comparing: Promise<unknown>[] = [];
  for (let position = 0; position < through; ) {
    const page = await pages.read(position, through - position);
    const folded = matchings.map((matching) => matchPage(matching, page, load));
    const [statements] = await Promise.all([Promise.all(folded), ...comparing]);
    comparing = statements.flatMap((own, i) =>
      own.map((one) => compare(matchings[i] as Matching, one, send)),
    );
    for (const one of comparing) one.catch(() => undefined);
    position = page.last;
    onPage(position);
  }
  await Promise.all(comparing);
}

async function matchPage({ live, folding }: Matching, page: Page, load: Send) {
  const facts = page.facts.filter(({ position }) => position <= live.position);
  if (facts.length === 0) return [];
  const last = Math.min(page.last, live.position);
  const { saves, failure } = await folding.fold({ ...page, facts, last }, load);
  if (failure !== undefined) throw failure;
  return saves;
}

async function compare({ tally }: Matching, comparison: Statement, send: Send): Promise<void> {
  const [found] = (await send(comparison)) as { differing: number; ended: number }[];
  tally.differing += found?.differing ?? 0;
  tally.ended += found?.ended ?? 0;
}

// As of a position that is behind the views, so that it stays what it is while they go on.
function countRows(db: Db, matchings: readonly Matching[]): Promise<Counts[]> {
  return db.transaction().execute(async (transaction) => {
    await sql`select set_config('statement_timeout', ${countTimeout}, true)`.execute(transaction);
    const counts: Counts[] = [];
    for (const { projection, live } of matchings) {
      const tables = Object.entries(projection.tables).map(([name, { once }]) =>
        countOf(tableOf(projection, live.generation, name), once === true, live.position),
      );
      const { rows } = await sql<Counts>`
        select sum(rows)::bigint as rows, sum(ended)::bigint as ended
        from (${sql.join(tables, sql` union all `)}) as counted`.execute(transaction);
      counts.push(rows[0] as Counts);
    }
    return counts;
  });
}

function countOf(stored: string, once: boolean, position: number): RawBuilder<unknown> {
  const ended = once ? sql`0` : sql`count(*) filter (where until <= ${position})`;
  return sql`select count(*) as rows, ${ended} as ended
    from ${sql.table(stored)} where since <= ${position}`;
}
