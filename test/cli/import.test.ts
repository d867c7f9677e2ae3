import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { freshStore } from '../db.ts';
import { eventLines } from '../import/events.ts';
import { csvOf } from '../import/importing.ts';
import { gedRow } from '../import/rows.ts';
import { run, start } from './command.ts';

const isFull = process.env.FAULTS === 'full';
/** A folder with the data sets, which are no part of the project. */
const data = process.env.TEST_DATA_SETS ?? '';

const gedFile = async (path: string, count: number) => {
  const rows = Array.from({ length: count }, (_, i) => ({ ...gedRow, id: String(i + 1) }));
  await writeFile(path, csvOf(rows));
  return path;
};
const headOver = async (store: EventStore, position: number) => {
  while ((await store.head()) <= position) await sleep(20);
};

t.test('what is asked for wrongly is refused, and nothing is opened', async (t) => {
  const nowhere = 'postgres://127.0.0.1:1/none';
  const file = await gedFile(join(t.testdir(), 'f'), 1);
  for (const [words, said] of [
    [['rumours', file], /there is no format "rumours", only ua-general-staff, .*cloudevents/],
    [['acled', file], /--conflict: rows of acled do not say which/],
    [['ucdp-ged', `${file}-2`], /there is no file/],
    [['ucdp-ged', file, '--full-max', '101'], /--full-max/],
    [['ucdp-ged', file, '--published', 'today'], /--published/],
    [['cloudevents', file, '--full'], /events say all of that themselves/],
    [['ucdp-ged'], /missing required argument/],
  ] as const) {
    t.match(await run(nowhere, 'import', ...words), { code: 2, stderr: said });
  }
  t.match(await run(nowhere, 'import', 'ucdp-ged', file), { code: 3 }, 'no database');
});

t.test('a summary, rejects in a file, and an exit code that tells', async (t) => {
  const { store, url } = await freshStore(t);
  const dir = t.testdir();
  const file = join(dir, 'ged.csv');
  const rows = [gedRow, { ...gedRow, id: '8', best: 'many' }, { ...gedRow, id: '9' }];
  await writeFile(file, csvOf(rows));
  const rejects = join(dir, 'rejects.ndjson');
  const dry = await run(url, 'import', 'ucdp-ged', file, '--dry-run', '--json');
  t.equal(await store.head(), 0);
  const real = await run(url, 'import', 'ucdp-ged', file, '--json', '--rejects', rejects);
  const summary = {
    format: 'ucdp-ged',
    stopped: false,
    rows: { read: 3, recorded: 2, known: 0, rejected: 1 },
    events: 15,
    rejected: [{ row: 2, reasons: [/^best is "many"/] }],
  };
  t.match({ ...dry, stdout: JSON.parse(dry.stdout) }, { code: 1, stdout: summary });
  t.match({ ...real, stdout: JSON.parse(real.stdout) }, { code: 1, stdout: summary, stderr: '' });
  t.match(JSON.parse(await readFile(rejects, 'utf8')), { file, row: 2, reasons: [/best/] });
  const again = await run(url, 'import', 'ucdp-ged', file);
  t.match(again, { code: 1, stdout: /3 rows read, 0 recorded, 2 already known, 1 rejected/ });
  await writeFile(file, csvOf([gedRow]));
  t.match(await run(url, 'import', 'ucdp-ged', file), { code: 0, stdout: /1 already known/ });
});

t.test('a quote not closed at row 10 of 100,000 records nothing, and is told', async (t) => {
  const { store, url } = await freshStore(t);
  const file = await gedFile(join(t.testdir(), 'ged.csv'), 100_000);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('\n"10",', '\n"10,'));
  for (const more of [[], ['--full'], ['--dry-run', '--json']]) {
    const broken = await run(url, 'import', 'ucdp-ged', file, ...more);
    t.match(broken, { code: 1, stdout: '', stderr: /ged.csv: row 10: .*not closed/ });
    t.equal(await store.head(), 0);
  }
});

// Red with rows recorded as they are read, before the whole file was.
t.test('a file that is cut off in the middle of a row records nothing, and is told', async (t) => {
  const { store, url } = await freshStore(t);
  const file = await gedFile(join(t.testdir(), 'ged.csv'), 2_000);
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -100));
  t.match(await run(url, 'import', 'ucdp-ged', file), { code: 1, stdout: '', stderr: /row 2000/ });
  t.equal(await store.head(), 0);
});

t.test('Ctrl-C stops after what is under way; run again, it goes on', async (t) => {
  const { store, url } = await freshStore(t);
  const file = await gedFile(join(t.testdir(), 'ged.csv'), 4_000);
  const { process: child, ended } = start(url, 'import', 'ucdp-ged', file, '--json');
  await headOver(store, 100);
  child.kill('SIGINT');
  const stopped = await ended;
  t.match(stopped, { code: 1, stderr: /run it again to go on/ });
  const { rows: first } = JSON.parse(stopped.stdout);
  t.ok(first.read > 0 && first.read < 4_000, `${first.read} rows`);
  const { stdout } = await run(url, 'import', 'ucdp-ged', file, '--json');
  const recorded = 4_000 - first.recorded;
  t.match(JSON.parse(stdout), { rows: { read: 4_000, recorded, known: first.recorded } });
});

const kills = isFull ? 20 : 3;
t.test(`kill -9 of an import, ${kills} times: run again, it is as if it never was`, async (t) => {
  const file = await gedFile(join(t.testdir(), 'ged.csv'), 3_000);
  const [killed, whole] = [await freshStore(t), await freshStore(t)];
  for (let kill = 1; kill <= kills; kill += 1) {
    const { process: child, ended } = start(killed.url, 'import', 'ucdp-ged', file);
    await headOver(killed.store, (9_000 * kill) / (kills + 1));
    child.kill('SIGKILL');
    await ended;
  }
  const last = await run(killed.url, 'import', 'ucdp-ged', file, '--json');
  const { rows } = JSON.parse(last.stdout);
  t.equal(rows.recorded + rows.known, 3_000);
  t.ok(rows.known > 1_000, `${rows.known} rows were known`);
  await run(whole.url, 'import', 'ucdp-ged', file);
  const idsOf = async ({ db }: typeof whole) =>
    (await db.selectFrom('events').select('id').orderBy('id').execute()).map(({ id }) => id);
  t.strictSame(await idsOf(killed), await idsOf(whole));
});

// Red without the garbage being collected sooner: over 300 MB.
const lines = isFull ? 1_600_000 : 30_000;
const linux = { skip: existsSync('/proc/self/status') ? false : 'memory is read in /proc' };
t.test(`${lines} CloudEvents take less than 200 MB of memory`, linux, async (t) => {
  const { url } = await freshStore(t);
  const file = join(t.testdir(), 'events.ndjson');
  await pipeline(Readable.from(eventLines(lines)), createWriteStream(file));
  // Without what the test runner would load into it.
  const alone = { NODE_OPTIONS: '' };
  const { process: child, ended } = start(url, alone, 'import', 'cloudevents', file, '--json');
  let mostKb = 0;
  const exited = once(child, 'exit').then(() => true);
  while (!(await Promise.race([exited, sleep(50, false)]))) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    mostKb = Math.max(mostKb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
  }
  const { stdout } = await ended;
  t.match(JSON.parse(stdout), { rows: { read: lines, recorded: lines }, events: lines });
  t.ok(mostKb > 0 && mostKb < 200_000, `${mostKb} kB`);
});

const here = { skip: data === '' ? 'TEST_DATA_SETS names no folder of data sets' : false };
t.test('real data sets are recorded whole, and known the second time', here, async (t) => {
  const { url } = await freshStore(t);
  for (const [format, folder, end] of [
    ['ua-general-staff', 'ua-general-staff-losses', '.json'],
    ['orc-losses', 'orc-losses', '.json'],
    ['control-revisions', 'wikipedia-control', '.csv'],
  ] as const) {
    const names = (await readdir(join(data, folder))).filter((name) => name.endsWith(end));
    const files = names.map((name) => join(data, folder, name));
    const [first, second] = [
      await run(url, 'import', format, ...files, '--json'),
      await run(url, 'import', format, ...files, '--json'),
    ];
    const summaries = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    for (const [i, { rows }] of summaries(first.stdout).entries()) {
      t.equal(rows.recorded + rows.known + rows.rejected, rows.read);
      t.ok(rows.recorded > 0);
      const known = rows.recorded + rows.known;
      const again = { rows: { ...rows, recorded: 0, known }, events: 0 };
      t.match(summaries(second.stdout)[i], again, `${names[i]} again`);
    }
  }
});
