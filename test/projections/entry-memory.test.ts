/** What a process remembers of names and items: never more, and never other, than what is there. */
import { deepEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Kysely, type LogEvent, PostgresDialect } from 'kysely';
import t from 'tap';
import { type Db, openDb, type Tables } from '../../src/db.ts';
import type { RecordedEvent } from '../../src/eventstore/event-store.ts';
import { prepareProjection } from '../../src/projections/generations.ts';
import { pagesOf } from '../../src/projections/pages.ts';
import { projectBatch } from '../../src/projections/projector.ts';
import { listTimeline, timelineParts } from '../../src/projections/timeline-page.ts';
import { readVintage } from '../../src/projections/vintage.ts';
import { freshStore } from '../db.ts';
import { putLog } from './histories.ts';

const ids = ['x1', 'x2'] as const;
const someStep = fc.record({
  what: fc.constantFrom('actor', 'place', 'report', 'act', 'act'),
  id: fc.constantFrom(...ids),
});
type Step = { what: 'actor' | 'place' | 'report' | 'act'; id: string };

/** Each step registers an entry or changes it, or is an act of an actor at a place. */
function logOf(steps: readonly Step[]): RecordedEvent[] {
  const versions = new Map<string, number>();
  return steps.map(({ what, id }, i) => {
    const stream = `${what === 'act' ? 'force' : what}-${id}`;
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    return {
      ...{ position: i + 1, id: randomUUID(), stream, version, schema_version: 1 },
      ...told(what, id, version),
      recorded_at: new Date(Date.UTC(2022, 8, 12, 0, 0, i)).toISOString(),
      metadata: { correlation_id: 'c', recorded_by: 'test' },
    };
  });
}

function told(what: Step['what'], id: string, version: number): { type: string; data: object } {
  const name = `${id} of ${version}`;
  const isNew = version === 1;
  switch (what) {
    case 'actor':
      return isNew
        ? { type: 'ActorRegistered', data: { actor_id: id, name, kind: 'organisation' } }
        : { type: 'ActorRenamed', data: { actor_id: id, name } };
    case 'place':
      return isNew
        ? { type: 'PlaceRegistered', data: { place_id: id, name } }
        : { type: 'PlaceAliasAdded', data: { place_id: id, alias: name } };
    case 'report':
      return isNew
        ? { type: 'ReportPublished', data: { ...{ report_id: id, outlet_id: id }, ...published } }
        : { type: 'ReportCorrected', data: { report_id: id, reason: name } };
    case 'act':
      return { type: 'TroopsAdvanced', data: { actor_id: id, to: [id], basis: 'claimed' } };
  }
}
const published = {
  url: 'https://example.org/1',
  language: 'id',
  headline: 'Headline',
  published_at: '2022-09-12',
};

const query = { sort: 'position', order: 'asc', limit: 1_000 } as const;

async function listAt(db: Db, at_position: number) {
  return await listTimeline(db, await readVintage(db, timelineParts, { at_position }), query);
}

// Seen to fail where what is remembered is taken for all that comes later, too: for a name, and for
// what became of a report.
t.test('what is remembered is what is there, at any moment asked about', async (t) => {
  const property = fc.asyncProperty(
    fc.array(someStep, { minLength: 30, maxLength: 60 }),
    fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
    async (steps, asked) => {
      const { db, pool, store } = await freshStore(t);
      const log = logOf(steps);
      await putLog(db, log);
      for (const projection of timelineParts) await prepareProjection(db, projection);
      for (const share of [0.2, 0.5, 0.6, 1]) {
        const through = Math.ceil(log.length * share);
        for (const projection of timelineParts) {
          while ((await projectBatch(db, projection, pagesOf(store), { through })) > 0);
        }
        for (const one of [...asked, through]) {
          const position = Math.min(through, 1 + (one % log.length));
          // The same pool, another memory.
          deepEqual(await listAt(db, position), await listAt(openDb(pool), position));
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 5, endOnFailure: true });
});

t.test('what is shown again is not read again', async (t) => {
  const { pool, store, db: own } = await freshStore(t);
  await putLog(
    own,
    logOf(['actor', 'place', 'act', 'act'].map((what) => ({ what, id: 'x1' }) as Step)),
  );
  for (const projection of timelineParts) {
    await prepareProjection(own, projection);
    while ((await projectBatch(own, projection, pagesOf(store), { through: 4 })) > 0);
  }
  const texts: string[] = [];
  const db: Db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }: LogEvent) => void texts.push(query.sql),
  });
  const readings = (table: RegExp) => texts.filter((text) => table.test(text)).length;
  const read = () => [readings(/from "registry_\w+_entries"/), readings(/as of\(position\)/)];
  const { items } = await listAt(db, 4);
  t.match(items, [
    { summary: { text: 'x1 of 1 advanced to x1 of 1 (claimed).' } },
    { position: 4 },
  ]);
  t.strictSame(read(), [1, 1]);
  t.strictSame((await listAt(db, 4)).items, items);
  t.strictSame((await listAt(db, 3)).items, items.slice(0, 1));
  t.strictSame(read(), [1, 1]);
});

t.test('whoever reads a long way is not remembered', async (t) => {
  const { db, store } = await freshStore(t);
  const acts = Array.from({ length: 101 }, (): Step => ({ what: 'act', id: 'x1' }));
  await putLog(db, logOf(acts));
  for (const projection of timelineParts) {
    await prepareProjection(db, projection);
    while ((await projectBatch(db, projection, pagesOf(store), { through: 101 })) > 0);
  }
  const all = await listAt(db, 101);
  t.equal(all.items.length, 101);
  t.equal(all.json, undefined);
  t.equal((await listAt(db, 1)).json?.length, 1, 'as few are');
  t.equal((await listAt(db, 101)).json?.length, 101, 'a hundred more are');
});
