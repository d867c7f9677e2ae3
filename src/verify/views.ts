/**
 * Verifies the views: that their rows are what the log makes of them today. Where they are not, the
 * log is replayed into temporary tables to name what differs: nobody else sees them, and nothing is
 * left of them, killed or not.
 */
import { sql } from 'kysely';
import type { Comparison } from '../db.ts';
import { foldingOf } from '../projections/apply.ts';
import { compareGenerations } from '../projections/compare.ts';
import { findGeneration } from '../projections/generations.ts';
import type { Projection } from '../projections/projection.ts';
import { sendOver } from '../projections/projector.ts';
import { createTables, dropTables } from '../projections/rows.ts';
import { nameBeyond } from './beyond.ts';
import type { Finding } from './finding.ts';
import { type MatchParts, matchViews, statementTimeout } from './match.ts';
import { replay } from './replay.ts';

export type VerifiedViews = {
  /** Rows compared, those that have ended among them. */
  readonly rows: number;
  readonly findings: readonly Finding[];
};

/** No projection's own: those begin with 1. */
const generation = 0;
/** PostgreSQL's, for the temporary tables: by itself it has 8 MB, and the rest goes to the disk. */
const tableMemory = '256MB';

/** Compares as of where each projection is. `onPage` hears how far a replay has come. */
export async function verifyViews(
  parts: MatchParts,
  projections: readonly Projection[],
  onPage: (position: number) => void = () => {},
): Promise<VerifiedViews> {
  const matches = await matchViews(parts, projections, onPage);
  const others = matches.filter(({ isSame }) => !isSame).map(({ projection }) => projection);
  const rows = matches.reduce((sum, one) => sum + (one.isSame ? one.rows : 0), 0);
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
      set_config('statement_timeout', ${statementTimeout}, true),
      set_config('work_mem', '64MB', true),
      set_config('temp_buffers', ${tableMemory}, true)`.execute(transaction);
    for (const projection of projections) await createTables(transaction, projection, generation);
    const through = await store.head();
    const run = sendOver(transaction);
    const replaying = projections.map((projection) => {
      return { folding: foldingOf(projection, generation, 0), through, run };
    });
    await replay(store, run, replaying, onPage);
    let rows = 0;
    const findings: Finding[] = [];
    for (const projection of projections) {
      const live = await findGeneration(transaction, projection, 'live');
      if (live === undefined) continue;
      const replayed = { generation, position: through };
      const compared = await compareGenerations(transaction, projection, live, replayed);
      rows += compared.rows;
      findings.push(...differencesOf(projection, compared));
      findings.push(...(await nameBeyond(transaction, projection, live.generation)));
    }
    for (const projection of projections) await dropTables(transaction, projection, generation);
    return { rows, findings };
  });
}

function differencesOf({ name }: Projection, { first, differences, rows }: Comparison): Finding[] {
  if (first === null) return [];
  const where = `first ${first.key} of position ${first.since} in its table ${first.table}`;
  const detail = `${name}: ${differences} of ${rows} rows differ, ${where}`;
  return [{ check: 'views', position: first.since, detail }];
}
