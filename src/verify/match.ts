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
import { type Folding, foldingOf } from '../projections/apply.ts';
import { laneConnections, oneByOne, type Send } from '../projections/connections.ts';
import { findGenerations } from '../projections/generations.ts';
import type { Projection } from '../projections/projection.ts';
import { forever, type Table, tableOf } from '../projections/rows.ts';
import type { Statement } from '../projections/statements.ts';
import { isBeyond } from './beyond.ts';
import { comparisons } from './comparisons.ts';
import { replay } from './replay.ts';

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

/** Of a statement that goes over whole tables. */
export const statementTimeout = '1h';

/** Of the live generation of each that has one, as of where it is when this begins. */
export async function matchViews(
  { db, store, connect }: MatchParts,
  projections: readonly Projection[],
  onPage: (position: number) => void,
): Promise<Match[]> {
  const found = await findGenerations(db, projections, 'live');
  // A view that is further than the log is compared as far as that goes.
  const head = await store.head();
  const matchings = [...found].map(([projection, { generation, position }]) =>
    matchingOf(projection, generation, Math.min(position, head)),
  );
  const counting = countRows(db, matchings);
  // What fails before it is waited for is reported when it is.
  counting.catch(() => undefined);
  const connections = laneConnections(connect);
  try {
    const { send: sendAll, load } = await connections.open();
    const send = oneByOne(sendAll);
    const replaying = matchings.map(({ folding, through, tally }) => {
      return { folding, through, run: (statement: Statement) => compare(tally, statement, send) };
    });
    await replay(store, load, replaying, onPage);
  } finally {
    await connections.close();
  }
  const counts = await counting;
  return matchings.map(({ projection, tally }, i) => {
    const { rows, ended, beyond } = counts[i] as Counts;
    const isAsMade = tally.differing === 0 && tally.made === rows && tally.ended === ended;
    const isSame = isAsMade && beyond === 0;
    return { projection, rows, isSame };
  });
}

type Counts = { readonly rows: number; readonly ended: number; readonly beyond: number };
type Matching = {
  readonly projection: Projection;
  readonly generation: number;
  readonly through: number;
  readonly folding: Folding;
  readonly tally: Tally;
};
/** Of versions. */
type Tally = { made: number; ended: number; differing: number };

function matchingOf(projection: Projection, generation: number, through: number): Matching {
  const tally: Tally = { made: 0, ended: 0, differing: 0 };
  const folding = foldingOf(projection, generation, 0, (stored, table, batch) => {
    tally.made += batch.made.length;
    tally.ended += batch.ended.length + batch.made.filter(({ until }) => until < forever).length;
    return comparisons(stored, table, batch);
  });
  return { projection, generation, through, folding, tally };
}

async function compare(tally: Tally, comparison: Statement, send: Send): Promise<object[]> {
  const found = (await send(comparison)) as { differing: number; ended: number }[];
  for (const { differing, ended } of found) {
    tally.differing += differing;
    tally.ended += ended;
  }
  return found;
}

// As of a position that is behind the views, so that it stays what it is while they go on. What is
// beyond them is counted as of where they are by then.
function countRows(db: Db, matchings: readonly Matching[]): Promise<Counts[]> {
  return db.transaction().execute(async (transaction) => {
    await sql`select set_config('statement_timeout', ${statementTimeout}, true)`.execute(
      transaction,
    );
    const counts: Counts[] = [];
    for (const { projection, generation, through } of matchings) {
      const tables = Object.entries(projection.tables).map(([name, table]) => {
        const stored = tableOf(projection, generation, name);
        return countOf(stored, table, through, isBeyond(projection, generation, table));
      });
      const { rows } = await sql<Counts>`
        select sum(rows)::bigint as rows, sum(ended)::bigint as ended,
               sum(beyond)::bigint as beyond
        from (${sql.join(tables, sql` union all `)}) as counted`.execute(transaction);
      counts.push(rows[0] as Counts);
    }
    return counts;
  });
}

function countOf(
  stored: string,
  { once }: Table,
  position: number,
  beyond: RawBuilder<boolean>,
): RawBuilder<unknown> {
  const ended = once
    ? sql`0`
    : sql`count(*) filter (where since <= ${position} and until <= ${position})`;
  return sql`select count(*) filter (where since <= ${position}) as rows, ${ended} as ended,
    count(*) filter (where ${beyond}) as beyond from ${sql.table(stored)}`;
}
