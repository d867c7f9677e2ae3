/** Files sent to be imported: taken, refused, stopped, and gone after. */
import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type NotedImport, newImportId } from '../../src/import/imports.ts';
import { start } from '../cli/command.ts';
import { eventLines } from '../import/events.ts';
import { csvOf } from '../import/importing.ts';
import { equipmentRow, gedRow } from '../import/rows.ts';
import { checkAnswer } from '../openapi.ts';
import { type Answer, get, type TestService, testService } from '../service.ts';

type Test = Parameters<typeof testService>[0] & { testdir(): string };
type Sent = Answer & { body: Answer['body'] & Partial<NotedImport> & { code?: string } };

const ops = '/v1/ops/imports';
const gedCsv = (count: number) =>
  csvOf(Array.from({ length: count }, (_, i) => ({ ...gedRow, id: String(i + 1) })));

/** A service with a folder of its own, and the names of the files that it keeps there. */
async function uploading(t: Test, environment: NodeJS.ProcessEnv = {}, like?: TestService) {
  const dataDir = t.testdir();
  const service = await testService(t, {
    environment: { DATA_DIR: dataDir, ...environment },
    ...(like && { like }),
  });
  const dir = join(dataDir, 'imports');
  return { ...service, dir, files: () => readdir(dir) };
}

async function send(url: string, type: string, body: string | Buffer, headers = {}): Promise<Sent> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  });
  return checked(url, response);
}
async function checked(url: string, response: Response): Promise<Sent> {
  const { status, headers } = response;
  const body = (await response.json()) as Sent['body'];
  checkAnswer('POST', url, { status, contentType: headers.get('content-type') ?? '', body });
  return { status, headers, body };
}
async function cancel({ url }: TestService, id: unknown): Promise<Sent> {
  const at = `${url}${ops}/${id}/cancel`;
  return checked(at, await fetch(at, { method: 'POST' }));
}
async function find({ url }: TestService, id: unknown): Promise<NotedImport> {
  return (await get<NotedImport>(`${url}${ops}/${id}`)).body;
}
async function until(
  service: TestService,
  id: unknown,
  isSo: (one: NotedImport) => boolean,
): Promise<NotedImport> {
  for (;;) {
    const one = await find(service, id);
    if (isSo(one)) return one;
    await sleep(20);
  }
}
const ends = (service: TestService, id: unknown) =>
  until(service, id, ({ state }) => state !== 'running');

/** A request whose body is not all sent, and its answer. */
function halfSent(url: string, headers: Record<string, string> = {}) {
  const sending = request(url, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...headers },
  });
  const answer = once(sending, 'response').then(async ([response]) => {
    let text = '';
    for await (const part of response as IncomingMessage) text += part;
    return { status: (response as IncomingMessage).statusCode, body: JSON.parse(text) };
  });
  answer.catch(() => undefined);
  return { sending, answer };
}
/** The import whose file is under way. */
async function begun({ url }: TestService, { write }: { write: () => void }): Promise<NotedImport> {
  write();
  for (;;) {
    const { body } = await get<{ items: NotedImport[] }>(`${url}${ops}?state=running`);
    if (body.items[0] !== undefined) return body.items[0];
    await sleep(20);
  }
}
const writing = (sending: ClientRequest) => ({ write: () => void sending.write('id,best\n') });

t.test('a file is sent, imported, told of, and gone; again, it is known', async (t) => {
  const service = await uploading(t);
  const at = `${service.url}${ops}`;
  const imported = async (query: string, type: string, body: string | Buffer) => {
    const { status, headers, body: begun } = await send(`${at}?${query}`, type, body);
    t.equal(status, 202, query);
    t.equal(headers.get('location'), `${ops}/${begun.id}`);
    return ends(service, begun.id);
  };
  const rows = csvOf([gedRow, { ...gedRow, id: '8', best: 'many' }]);
  const ged = 'format=ucdp-ged&filename=ged%20241.csv&full=5&published=2022-10-01';
  t.match(await imported(ged, 'text/csv', rows), {
    ...{ format: 'ucdp-ged', file: 'ged 241.csv', run_by: 'service', principal: 'anonymous' },
    ...{ full_percent_max: 5, published: '2022-10-01', encoding: 'utf-8', state: 'done' },
    ...{ rows_read: 2, rows_recorded: 1, rows_rejected: 1, rejections_kept: 1 },
    vanished: { claims: 0 },
  });
  t.match(await imported('format=ucdp-ged', 'application/octet-stream', rows), {
    ...{ state: 'done', file: 'upload', rows_known: 1, rows_recorded: 0, full_percent_max: null },
  });
  const json = JSON.stringify([equipmentRow]);
  t.match(await imported('format=ua-general-staff', 'application/json', json), {
    ...{ state: 'done', rows_recorded: 1, conflict_id: 'russia-ukraine-2022' },
  });
  let lines = '';
  for (const line of eventLines(20)) lines += line;
  t.match(await imported('format=cloudevents', 'application/x-ndjson', lines), {
    ...{ state: 'done', rows_read: 20, share_read: 1, events: { ClaimMade: 17 } },
  });
  const cyrillic = csvOf([{ ...gedRow, id: '9', country: '#' }]).replace('#', '\xaa');
  const bytes = Buffer.from(cyrillic, 'latin1');
  t.match(await imported('format=ucdp-ged&encoding=windows-1251', 'text/csv', bytes), {
    ...{ state: 'done', encoding: 'windows-1251', rows_recorded: 1 },
  });
  t.match(await imported('format=ucdp-ged', 'text/csv', bytes), {
    ...{ state: 'failed', error: /it is not utf-8/ },
  });
  t.strictSame(await service.files(), [], 'no file is left');
});

// Seen to fail: without the check of options; without that of the announced length.
t.test('what cannot be imported is refused before it is read', async (t) => {
  const { url } = await uploading(t);
  const at = `${url}${ops}`;
  for (const [query, pointer] of [
    ['', '/format'],
    ['?format=rumours', '/format'],
    ['?format=acled', '/conflict'],
    ['?format=ucdp-ged&encoding=klingon', '/encoding'],
    ['?format=ucdp-ged&published=2022-02-30', '/published'],
    ['?format=ucdp-ged&full=101', '/full'],
    ['?format=ucdp-ged&filename=..%2Fx', '/filename'],
    ['?format=acled&conflict=a%00b', '/conflict'],
    ['?format=cloudevents&full=1', '/full'],
    ['?format=ucdp-ged&dry=1', '/dry'],
  ] as const) {
    t.match(await send(at + query, 'text/csv', 'a'), {
      status: 400,
      body: { code: 'malformed', errors: [{ pointer, in: 'query' }] },
    });
  }
  const refused = await send(`${at}?format=ucdp-ged`, 'text/plain', 'a');
  t.match(refused, { status: 415, body: { code: 'unsupported-media-type' } });
  const without = await fetch(`${at}?format=ucdp-ged`, { method: 'POST' });
  t.equal(without.status, 415);
  const large = halfSent(`${at}?format=ucdp-ged`, { 'content-length': String(2 ** 30 + 1) });
  large.sending.flushHeaders();
  t.match(await large.answer, { status: 413, body: { code: 'too-large', detail: /1073741824/ } });
  const { body } = await get<{ items: unknown[] }>(at);
  t.strictSame(body.items, [], 'nothing is noted');
});

// Seen to fail: without the reservation.
t.test('one at a time: another is told which is under way', async (t) => {
  const service = await uploading(t);
  const at = `${service.url}${ops}?format=ucdp-ged`;
  const first = halfSent(at);
  const { id } = await begun(service, writing(first.sending));
  const second = await send(at, 'text/csv', gedCsv(1));
  t.match(second, { status: 409, body: { code: 'import-under-way', detail: new RegExp(id) } });
  t.equal(second.headers.get('location'), `${ops}/${id}`);
  t.match(await cancel(service, id), { status: 200, body: { state: 'stopped', rows_read: 0 } });
  t.match(await first.answer, { status: 409, body: { code: 'import-cancelled' } });
  t.strictSame(await service.files(), []);
  t.equal((await send(at, 'text/csv', gedCsv(1))).status, 202);
});

// Seen to fail: with what goes away not told from the end of a file.
t.test('a file that does not arrive whole records nothing, and the next is taken', async (t) => {
  const service = await uploading(t);
  const at = `${service.url}${ops}?format=ucdp-ged`;
  const first = halfSent(at);
  const { id } = await begun(service, writing(first.sending));
  first.sending.destroy();
  t.match(await ends(service, id), { state: 'failed', error: /did not arrive whole/ });
  t.strictSame(await service.files(), []);
  const { body } = await send(at, 'text/csv', gedCsv(1));
  t.match(await ends(service, body.id), { state: 'done' });
});

// Seen to fail: with the signal not handed on.
t.test('cancelled, it stops, and the same file goes on', async (t) => {
  const service = await uploading(t);
  const at = `${service.url}${ops}?format=ucdp-ged`;
  const file = gedCsv(10_000);
  const { body: first } = await send(at, 'text/csv', file);
  await until(service, first.id, ({ rows_read }) => rows_read > 0);
  const stopped = await cancel(service, first.id);
  t.match(stopped, { status: 200, body: { id: first.id, state: 'stopped', error: null } });
  const { rows_recorded = 0 } = stopped.body;
  t.ok(rows_recorded > 0 && rows_recorded < 10_000, `${rows_recorded} rows`);
  t.strictSame(await service.files(), []);
  t.match(await cancel(service, first.id), { status: 200, body: { state: 'stopped' } });
  const { body: second } = await send(at, 'text/csv', file);
  t.match(await ends(service, second.id), {
    ...{ state: 'done', rows_read: 10_000, rows_known: rows_recorded },
  });
  t.match(await cancel(service, second.id), { status: 409, body: { code: 'import-over' } });
  t.match(await cancel(service, newImportId()), { status: 404, body: { code: 'import-unknown' } });

  const path = join(t.testdir(), 'more.csv');
  await writeFile(path, file.replaceAll('"13"', '"14"'));
  const command = start(service.databaseUrl, 'import', 'ucdp-ged', path);
  t.teardown(async () => void command.process.kill('SIGKILL'));
  const { id } = await begun(service, { write: () => undefined });
  t.match(await cancel(service, id), { status: 409, body: { code: 'import-elsewhere' } });
});

// Seen to fail: without the stop at the close; without the removal of the file.
t.test('a service that ends stops it so that it can go on, and keeps no file', async (t) => {
  const service = await uploading(t);
  const query = `${ops}?format=ucdp-ged`;
  const file = gedCsv(10_000);
  const { body: first } = await send(service.url + query, 'text/csv', file);
  await until(service, first.id, ({ rows_read }) => rows_read > 0);
  await service.service.close();
  t.strictSame(await service.files(), []);

  const next = await uploading(t, {}, service);
  const stopped = await find(next, first.id);
  t.match(stopped, { state: 'stopped', error: null });
  t.ok(stopped.rows_read > 0 && stopped.rows_read < 10_000, `${stopped.rows_read} rows`);
  const { body: second } = await send(next.url + query, 'text/csv', file);
  t.match(await ends(next, second.id), { state: 'done', rows_known: stopped.rows_recorded });

  const half = halfSent(next.url + query);
  await begun(next, writing(half.sending));
  await next.service.close();
  t.match(await half.answer, { status: 409, body: { code: 'import-cancelled' } });
});

// Seen to fail: without the removal; with all files removed.
t.test(
  'what a killed process has left is removed; what is fresh, or foreign, is not',
  async (t) => {
    const service = await uploading(t);
    const at = `${service.url}${ops}?format=ucdp-ged`;
    await ends(service, (await send(at, 'text/csv', gedCsv(1))).body.id);
    const [left, fresh, foreign] = [newImportId(), newImportId(), 'notes.txt'];
    for (const name of [left, fresh, foreign]) await writeFile(join(service.dir, name), 'x');
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const name of [left, foreign]) await utimes(join(service.dir, name), longAgo, longAgo);
    await ends(service, (await send(at, 'text/csv', gedCsv(1))).body.id);
    t.strictSame((await service.files()).sort(), [fresh, foreign].sort());
  },
);

t.test('where no file can be kept, that is said', async (t) => {
  const path = t.testdir({ imports: 'in the way' });
  const service = await testService(t, { environment: { DATA_DIR: path } });
  const at = `${service.url}${ops}?format=ucdp-ged`;
  const refused = await send(at, 'text/csv', gedCsv(1));
  t.match(refused, { status: 503, body: { code: 'upload-not-kept', detail: /EEXIST/ } });
  t.notMatch(JSON.stringify(refused.body), path);
  const { body } = await get<{ items: NotedImport[] }>(`${service.url}${ops}`);
  t.match(body.items, [{ state: 'failed', error: /cannot be kept here/ }]);
});
