/** As of every position, what is answered is what a fold of the log up to there would answer. */
import { deepStrictEqual as deepEqual } from 'node:assert';
import fc from 'fast-check';
import { sql } from 'kysely';
import t from 'tap';
import type { Db } from '../../src/db.ts';
import { compareGenerations } from '../../src/projections/compare.ts';
import {
  cancelRebuild,
  prepareProjection,
  startRebuild,
} from '../../src/projections/generations.ts';
import { pagesOf } from '../../src/projections/pages.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { projectBatch } from '../../src/projections/projector.ts';
import { findEntry, listEntries } from '../../src/projections/register-entries.ts';
import { categories, registry } from '../../src/projections/registry.ts';
import { dropTables, forever, madeBy } from '../../src/projections/rows.ts';
import { timeline } from '../../src/projections/timeline.ts';
import type { At } from '../../src/projections/vintage.ts';
import { warStatusOf, warStatusSources } from '../../src/projections/war-status.ts';
import { freshStore } from '../db.ts';
import { asOf, putLog, someLog, storeOf } from './histories.ts';

type Answers = (db: Db, at: At) => Promise<unknown>;
const views: { sources: readonly Projection[]; answers: Answers }[] = [
  {
    sources: [registry],
    answers: async (db, at) => ({
      lists: await Promise.all(categories.map((one) => listEntries(db, at, one, { limit: 100 }))),
      one: await findEntry(db, at, 'report', 'x1'),
    }),
  },
  {
    sources: [timeline],
    answers: (db, { as_of, table }) =>
      sql`select * from ${sql.table(table(timeline, 'items'))} t
        where ${madeBy(as_of.position)} order by since`.execute(db),
  },
  {
    sources: warStatusSources,
    answers: (db, at) => warStatusOf(db)(at, 'c1'),
  },
];

function withoutVintage(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer ?? null, (name, one) => (name === 'as_of' ? null : one)));
}

// Seen to fail: with the versions between two events of one batch left out of `foldOf`, with
// `until` not moved for a row that was in the table before, and with `since <=` written as
// `since <`.
t.test('as of any position = the log folded up to it; live = rebuilt', async (t) => {
  const { db } = await freshStore(t);
  let compared = 0;
  const types = new Set<string>();
  const property = fc.asyncProperty(someLog, fc.nat(40), async (log, batch) => {
    await putLog(db, log);
    const pages = pagesOf(storeOf(log));
    for (const { type } of log) types.add(type);
    for (const { sources, answers } of views) {
      for (const projection of sources) {
        await prepareProjection(db, projection);
        // The live one in batches of a size, so that many events meet in one fold.
        for (let through = batch + 1; ; through += batch + 1) {
          await projectBatch(db, projection, pages, { through });
          if (through >= log.length) break;
        }
        await startRebuild(db, projection, null);
      }
      // The other one event at a time: at each step it is a fold of the log up to there.
      for (let position = 1; position <= log.length; position += 1) {
        for (const projection of sources) {
          await projectBatch(db, projection, pages, { role: 'building', through: position });
        }
        const past = await answers(db, asOf(1, position));
        // All that it has, whatever `since` and `until` say of the position.
        const all = await answers(db, asOf(2, forever - 1));
        deepEqual(withoutVintage(past), withoutVintage(all));
        compared += 1;
      }
      for (const projection of sources) {
        const end = { position: log.length };
        const comparison = await compareGenerations(
          db,
          projection,
          { generation: 1, ...end },
          { generation: 2, ...end },
        );
        const { position, differences } = comparison;
        deepEqual({ position, differences }, { position: log.length, differences: 0 });
        await cancelRebuild(db, projection);
        await db.deleteFrom('projections').where('name', '=', projection.name).execute();
        await dropTables(db, projection, 1);
      }
    }
  });
  await fc.assert(property, { numRuns: 6 });
  t.ok(compared > 300, `${compared} answers were compared`);
  t.ok(types.size > 18, `${types.size} types of events were recorded`);
});
