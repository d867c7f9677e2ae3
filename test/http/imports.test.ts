/** Imports over HTTP: those that a command runs. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connectOnce } from '../../src/db.ts';
import type { NotedImport } from '../../src/import/imports.ts';
import { run, start } from '../cli/command.ts';
import { eventLines } from '../import/events.ts';
import { csvOf } from '../import/importing.ts';
import { gedRow } from '../import/rows.ts';
import { get, type TestService, testService } from '../service.ts';

const ops = '/v1/ops/imports';
type Page = { items: NotedImport[]; next_cursor: string | null };
type Rejections = {
  items: { row: number; reasons: string[] }[];
  rows_rejected: number;
  rejections_kept: number;
  next_cursor: string | null;
};

async function list({ url }: TestService, query = ''): Promise<NotedImport[]> {
  return (await get<Page>(`${url}${ops}${query}`)).body.items;
}
async function find({ url }: TestService, id: unknown): Promise<NotedImport> {
  return (await get<NotedImport>(`${url}${ops}/${id}`)).body;
}
const gedRows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...gedRow, id: String(i + 1) }));

t.test('what a command imported, from which file, and what became of its rows', async (t) => {
  const service = await testService(t);
  const { url, databaseUrl } = service;
  const dir = t.testdir();
  const [ged, events] = [join(dir, 'ged.csv'), join(dir, 'events.ndjson')];
  const rows = [gedRow, ...[2, 3, 4].map((id) => ({ ...gedRow, id: String(id), best: 'many' }))];
  await writeFile(ged, csvOf(rows));
  let text = '';
  for (const line of eventLines(5)) text += line;
  await writeFile(events, `${text}{}\n`);
  const sha256 = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');

  const gedSha256 = await sha256(ged);
  await run(databaseUrl, 'import', 'ucdp-ged', ged, '--dry-run');
  t.strictSame(await list(service), [], 'a dry run is noted nowhere');
  const options = ['--full', '--full-max', '5', '--published', '2022-10-01'];
  const told = await run(databaseUrl, 'import', 'ucdp-ged', ged, ...options, '--json');
  const summary = JSON.parse(told.stdout);
  await run(databaseUrl, 'import', 'cloudevents', events);
  await writeFile(ged, 'no,such,columns\n1,2,3\n');
  await run(databaseUrl, 'import', 'ucdp-ged', ged);

  const [failed, lines, first] = await list(service);
  t.match(first, {
    ...{ format: 'ucdp-ged', file: 'ged.csv', state: 'done', error: null, run_by: 'command' },
    ...{ sha256: gedSha256, encoding: 'utf-8' },
    ...{ published: '2022-10-01', full_percent_max: 5, report_id: summary.report_id },
    ...{ rows_read: 4, rows_recorded: 1, rows_known: 0, rows_rejected: 3, share_read: 1 },
    ...{ rejections_kept: 3, events: summary.events_by_type, principal: null },
    vanished: { claims: 0, refused: /none is known to be gone/ },
  });
  t.ok(summary.events_by_type.ClaimMade > 0);
  t.match(lines, {
    ...{ format: 'cloudevents', file: 'events.ndjson', state: 'done', report_id: null },
    ...{ sha256: await sha256(events), rows_read: 6, rows_recorded: 5, rows_rejected: 1 },
    ...{ share_read: 1, events: { ActorRegistered: 1, ClaimMade: 2 } },
  });
  t.match(failed, { state: 'failed', error: /^this is no file of ucdp-ged/, sha256: null });
  t.strictSame(await find(service, first?.id), first);

  const rejections = `${url}${ops}/${first?.id}/rejections`;
  const { body: one } = await get<Rejections>(`${rejections}?limit=2`);
  t.match(one, {
    items: [{ row: 2, reasons: [/^best is "many"/] }, { row: 3 }],
    ...{ rows_rejected: 3, rejections_kept: 3 },
  });
  const { body: two } = await get<Rejections>(`${rejections}?limit=2&cursor=${one.next_cursor}`);
  t.match(two, { items: [{ row: 4 }], next_cursor: null });
  t.equal(two.items.length, 1);

  const { body: newest } = await get<Page>(`${url}${ops}?limit=2`);
  const { body: rest } = await get<Page>(`${url}${ops}?limit=2&cursor=${newest.next_cursor}`);
  t.strictSame([...newest.items, ...rest.items], [failed, lines, first]);
  t.equal(rest.next_cursor, null);
  t.strictSame(await list(service, '?state=failed'), [failed]);
  for (const bad of [
    '?cursor=xyz',
    '?state=lost',
    '?limit=0',
    '/1',
    `/${first?.id}/rejections?x=1`,
  ]) {
    t.match(await get(url + ops + bad), { status: 400, body: { code: 'malformed' } }, bad);
  }
  for (const path of ['', '/rejections']) {
    const none = await get(`${url}${ops}/0192f3a4-5b6c-7d8e-9f01-23456789abcd${path}`);
    t.match(none, { status: 404, body: { code: 'not-found' } });
  }
});

// Red with the state as it is kept; with only what `onProgress` tells noted, at the end.
t.test('what runs is seen to; killed, it is interrupted; stopped, it says so', async (t) => {
  const service = await testService(t);
  const { databaseUrl } = service;
  const file = join(t.testdir(), 'ged.csv');
  await writeFile(file, csvOf(gedRows(20_000)));
  const runs = async () => {
    const command = start(databaseUrl, 'import', 'ucdp-ged', file, '--json');
    for (;;) {
      const [one] = await list(service, '?state=running');
      if (one !== undefined && one.rows_read > 0) return { ...command, one };
      await sleep(20);
    }
  };
  const killed = await runs();
  const { rows_read, share_read } = killed.one;
  t.equal(share_read, rows_read / 20_000);
  killed.process.kill('SIGKILL');
  await killed.ended;
  const left = await find(service, killed.one.id);
  t.match(left, { state: 'running', ended_at: null }, 'silent for a moment only');
  const client = await connectOnce(databaseUrl);
  t.teardown(() => client.end());
  await client.query(`update imports set noted_at = noted_at - interval '31 seconds'`);
  t.match(await find(service, left.id), { state: 'interrupted', rows_read: left.rows_read });

  const stopped = await runs();
  stopped.process.kill('SIGINT');
  const { rows } = JSON.parse((await stopped.ended).stdout);
  t.match(await find(service, stopped.one.id), {
    ...{ state: 'stopped', rows_read: rows.read, rows_known: rows.known, error: null },
    sha256: left.sha256,
  });
  t.ok(rows.read < 20_000 && rows.known > 0);
  t.strictSame(
    (await list(service)).map(({ state }) => state),
    ['stopped', 'interrupted'],
  );
});
