/** What is noted of an import while it runs, and what becomes of it where that cannot be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import t from 'tap';
import type { Db } from '../../src/db.ts';
import {
  findImport,
  listImports,
  listRejections,
  type NotedImport,
  newImportId,
  rejectionsKeptMax,
  silenceMsMax,
} from '../../src/import/imports.ts';
import { type Asked, noted } from '../../src/import/noting.ts';
import { ucdpGed } from '../../src/import/ucdp-ged.ts';
import { freshDatabase } from '../db.ts';

const id = newImportId();
const asked: Asked = {
  id,
  ...{ path: '/somewhere/deep/ged.csv', file: 'ged.csv', importer: ucdpGed },
  options: { encoding: 'utf-8', conflictId: 'c1', published: '2022-09-12', full: undefined },
  ...{ runBy: 'command', principal: undefined },
};
const outcome = {
  ...{ isStopped: false, sha256: 'a'.repeat(64), entriesKept: ['ua'] },
  vanished: { claims: 3, refused: 'too many' },
};
const rowsOf = (read: number, rejected: number) => {
  return { read, recorded: read - rejected, known: 0, rejected };
};
const neverFails = (message: string, error: Error) => {
  throw new Error(message, { cause: error });
};

async function onlyOne(db: Db): Promise<NotedImport> {
  const found = await listImports(db, { state: undefined, before: undefined, limit: 10 });
  if (found.length !== 1) throw new Error(`there are ${found.length}`);
  return found[0] as NotedImport;
}
async function until(db: Db, isSo: (one: NotedImport) => boolean): Promise<NotedImport> {
  for (;;) {
    const one = await onlyOne(db);
    if (isSo(one)) return one;
    await sleep(20);
  }
}

// Red without the timer, and without the last note.
t.test('it is noted as it begins, while it runs, and what it came to', async (t) => {
  const { db } = await freshDatabase(t);
  await noted({ db, onFault: neverFails }, asked, async (follower) => {
    const begun = await onlyOne(db);
    t.match(begun, {
      ...{ id, format: 'ucdp-ged', file: 'ged.csv', state: 'running', conflict_id: 'c1' },
      ...{ published: '2022-09-12', sha256: null, share_read: null, rows_read: 0, events: {} },
      ...{ ended_at: null, run_by: 'command', principal: null },
    });
    const alive = await until(db, ({ noted_at }) => noted_at > begun.noted_at);
    t.match(alive, { rows_read: 0, state: 'running' }, 'alive, before its first row');
    follower.onOpened({ sha256: outcome.sha256, reportId: 'ucdp:file:a' });
    follower.onRejected({ row: 2, reasons: ['a \0 b', '\ud800'] });
    follower.onProgress({ rows: rowsOf(4, 1), events: { ClaimMade: 9 } }, 0.5);
    const half = await until(db, ({ rows_read }) => rows_read === 4);
    t.match(half, {
      ...{ sha256: outcome.sha256, report_id: 'ucdp:file:a', share_read: 0.5 },
      ...{ rows_recorded: 3, rows_rejected: 1, rejections_kept: 1, events: { ClaimMade: 9 } },
    });
    t.strictSame(await listRejections(db, id, 0, 10), [
      { row: 2, reasons: ['a \ufffd b', '\ufffd'] },
    ]);
    follower.onProgress({ rows: rowsOf(8, 1), events: { ClaimMade: 18 } }, undefined);
    return outcome;
  });
  const done = await onlyOne(db);
  t.match(done, {
    ...{ state: 'done', error: null, share_read: 1, rows_read: 8, events: { ClaimMade: 18 } },
    ...{ entries_kept: ['ua'], vanished: outcome.vanished },
  });
  t.equal(done.ended_at, done.noted_at);
});

t.test('stopped and failed are told apart; no folder is told', async (t) => {
  const { db } = await freshDatabase(t);
  const parts = { db, onFault: neverFails };
  const stopped = { ...outcome, isStopped: true, sha256: undefined };
  t.equal(await noted(parts, asked, async () => stopped), stopped);
  t.match(await onlyOne(db), { state: 'stopped', sha256: null });
  await sql`delete from imports`.execute(db);
  const error = new Error(`${asked.path}: row 7: a quote is not closed`);
  await t.rejects(
    noted(parts, asked, () => Promise.reject(error)),
    error,
  );
  t.match(await onlyOne(db), { state: 'failed', error: 'ged.csv: row 7: a quote is not closed' });
});

// Red with all kept; with the buffer emptied before it is stored.
t.test('of many rejected rows the first are kept, all are counted', async (t) => {
  const { db } = await freshDatabase(t);
  const count = rejectionsKeptMax + 5;
  await noted({ db, onFault: neverFails }, asked, async ({ onRejected, onProgress }) => {
    for (let row = 1; row <= count; row += 1) {
      onRejected({ row, reasons: Array.from({ length: 30 }, () => 'x'.repeat(1_000)) });
    }
    onProgress({ rows: rowsOf(count, count), events: {} }, 1);
    return outcome;
  });
  const { rows_rejected, rejections_kept } = await onlyOne(db);
  t.strictSame([rows_rejected, rejections_kept], [count, rejectionsKeptMax]);
  const kept = await listRejections(db, id, 0, count);
  t.equal(kept.length, rejectionsKeptMax);
  t.equal(kept.at(-1)?.row, rejectionsKeptMax);
  t.strictSame([kept[0]?.reasons.length, kept[0]?.reasons[0]?.length], [20, 500]);
});

// Red with the error of a note thrown; with what waits forgotten when a note fails.
t.test('a note that fails is told, and made good by the next', async (t) => {
  const { db } = await freshDatabase(t);
  const faults: string[] = [];
  const parts = { db, onFault: (message: string) => void faults.push(message) };
  const answer = await noted(parts, asked, async ({ onRejected, onProgress }) => {
    onRejected({ row: 1, reasons: ['bad'] });
    onProgress({ rows: rowsOf(3, 1), events: {} }, 0.1);
    await sql`alter table imports rename to imports_away`.execute(db);
    while (faults.length === 0) await sleep(20);
    await sql`alter table imports_away rename to imports`.execute(db);
    await until(db, ({ rows_read }) => rows_read === 3);
    t.equal((await listRejections(db, id, 0, 10)).length, 1);
    return outcome;
  });
  t.equal(answer, outcome);
  t.match(faults[0], /goes on/);
  t.equal((await onlyOne(db)).state, 'done');
});

// Red with the last fault thrown.
t.test('what it came to is answered though that cannot be noted', async (t) => {
  const { db } = await freshDatabase(t);
  const faults: string[] = [];
  const parts = { db, onFault: (message: string) => void faults.push(message) };
  const leave = async () => void (await sql`alter table imports rename to away`.execute(db));
  const answer = await noted(parts, asked, async () => {
    await leave();
    return outcome;
  });
  t.equal(answer, outcome);
  t.match(faults.at(-1), /what an import came to could not be noted/);
  await sql`alter table away rename to imports`.execute(db);
  t.match(await onlyOne(db), { state: 'running', ended_at: null });
  await sql`delete from imports`.execute(db);
  const error = new Error('its own');
  const failing = noted(parts, asked, async () => {
    await leave();
    throw error;
  });
  await t.rejects(failing, error);
});

t.test('what cannot be noted at all does not begin', async (t) => {
  const { db } = await freshDatabase(t);
  await sql`drop table import_rejections, imports`.execute(db);
  const work = async () => t.fail('it began');
  await t.rejects(noted({ db, onFault: neverFails }, asked, work as never), /imports/);
});

// Red without the condition on `noted_at`.
t.test('one that is silent is shown as interrupted, until it is heard of', async (t) => {
  const { db } = await freshDatabase(t);
  const held = Promise.withResolvers<typeof outcome>();
  const running = noted({ db, onFault: neverFails }, asked, () => held.promise);
  while ((await findImport(db, id)) === undefined) await sleep(20);
  const silent = async (ms: number) =>
    void (await sql`update imports set noted_at = now() - make_interval(secs => ${ms / 1_000})`.execute(
      db,
    ));
  const interrupted = { state: 'interrupted', before: undefined, limit: 10 } as const;
  await silent(silenceMsMax + 5_000);
  t.match(await findImport(db, id), { state: 'interrupted' });
  t.match(await listImports(db, interrupted), [{ id }]);
  t.strictSame(await listImports(db, { ...interrupted, state: 'running' }), []);
  await until(db, ({ state }) => state === 'running');
  await silent(silenceMsMax - 10_000);
  t.match(await findImport(db, id), { state: 'running' });
  held.resolve(outcome);
  await running;
  await silent(silenceMsMax + 5_000);
  t.match(await findImport(db, id), { state: 'done' }, 'what has ended stays so');
});
