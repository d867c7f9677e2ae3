/**
 * Verifies the views: that their rows are what the log makes of them today. Where they are not, the
 * log is replayed into temporary tables to name what differs: nobody else sees them, and nothing is
 * left of them, killed or not.
 */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { foldingOf } from '../projections/apply.ts';
import { compareGenerations } from '../projections/compare.ts';
import { findGeneration } from '../projections/generations.ts';
import { pagesOf } from '../projections/pages.ts';
import type { Projection } from '../projections/projection.ts';
import { sendOver } from '../projections/projector.ts';
import { createTables, dropTables } from '../projections/rows.ts';
import type { Statement } from '../projections/statements.ts';
import type { Finding } from './finding.ts';
import { type MatchParts, matchViews } from './match.ts';

export type VerifiedViews = {
  /** Rows compared, those that have ended among them. */
  readonly rows: number;
  readonly findings: readonly Finding[];
};

/** No projection's own: those begin with 1. */
const generation = 0;
const compareTimeout = '1h';
/** PostgreSQL's, for the temporary tables: by itself it has 8 MB, and the rest goes to the disk. */
const tableMemory = '256MB';

/** Compares as of where each projection is. `onPage` hears how far a replay has come. */
export async function verifyViews(
  parts: MatchParts,
  projections: readonly Projection[],
  onPage: (position: number) => void = () => {},
): Promise<VerifiedViews> {
  const matches = await matchViews(parts, projections, onPage);
  const [same, others] = [
    matches.filter(({ isSame }) => isSame),
    matches.filter(({ isSame }) => !isSame).map(({ projection }) => projection),
  ];
  const rows = same.reduce((sum, one) => sum + one.rows, 0);
  if (others.length === 0) return { rows, findings: [] };
  const differing = await nameDifferences(parts, others, onPage);
  return { rows: rows + differing.rows, findings: differing.findings };
}

function nameDifferences(
  { db, store }: MatchParts,
  projections: readonly Projection[],
  onPage: (position: number) => void,
): Promise<VerifiedViews> {
  return db.transaction().execute(async (transaction) => {
    await sql`select set_config('search_path', 'pg_temp, public', true),
      set_config('statement_timeout', ${compareTimeout}, true),
      set_config('work_mem', '64MB', true),
      set_config('temp_buffers', ${tableMemory}, true)`.execute(transaction);
    for (const projection of projections) await createTables(transaction, projection, generation);
    const through = await store.head();
    await replay(transaction, store, projections, through, onPage);
    let rows = 0;
    const findings: Finding[] = [];
    for (const projection of projections) {
      const live = await findGeneration(transaction, projection, 'live');
      if (live === undefined) continue;
      const replayed = { generation, position: through };
      const compared = await compareGenerations(transaction, projection, live, replayed);
      rows += compared.rows;
      const { first, differences } = compared;
      if (first === null) continue;
      const where = `first ${first.key} of position ${first.since} in its table ${first.table}`;
      const detail = `${projection.name}: ${differences} of ${compared.rows} rows differ, ${where}`;
      findings.push({ check: 'views', position: first.since, detail });
    }
    for (const projection of projections) await dropTables(transaction, projection, generation);
    return { rows, findings };
  });
}

async function replay(
  transaction: Db,
  store: EventStore,
  projections: readonly Projection[],
  through: number,
  onPage: (position: number) => void,
): Promise<void> {
  const send = sendOver(transaction);
  const pages = pagesOf(store);
  const foldings = projections.map((projection) => foldingOf(projection, generation, 0));
  // Statements go one after another over the one connection. What a page has made is stored behind
  // what the next one asks for, which needs none of it: so PostgreSQL stores while we fold.
  let unsaved: readonly Statement[] = [];
  for (let position = 0; position < through; ) {
    const startedAt = performance.now();
    const page = await pages.read(position, through - position);
    const folding = Promise.all(foldings.map((one) => one.fold(page, send)));
    const [folded] = await Promise.all([folding, ...unsaved.map(send)]);
    for (const { failure } of folded) if (failure !== undefined) throw failure;
    unsaved = folded.flatMap(({ saves }) => saves);
    pages.adapt(page.facts.length, performance.now() - startedAt);
    position = page.last;
    onPage(position);
  }
  await Promise.all(unsaved.map(send));
}
