/** Who controls a place: side by side, and as of the three moments that are never merged. */
import { sql } from 'kysely';
import t from 'tap';
import { type Db, openDb, openPool } from '../../src/db.ts';
import type { Control } from '../../src/projections/place-control.ts';
import type { Test } from '../db.ts';
import { mutate } from '../eventstore/mutate.ts';
import { get, post, testService } from '../service.ts';
import { type Revision, revisions } from './control-revisions.ts';

const conflict_id = 'war';
const list = 'wikipedia-list';
const places: Readonly<Record<string, string>> = { Kupiansk: 'geonames:703656', Lyman: 'lyman' };

async function record(url: string, path: string, body: object): Promise<number> {
  const answer = await post(url + path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body.position as number;
}

async function register(url: string): Promise<void> {
  for (const id of ['ru', 'ua']) await record(url, '/v1/actors', { id, name: id, kind: 'state' });
  await record(url, '/v1/actors', { id: list, name: 'Wikipedia', kind: 'assessor' });
  await record(url, '/v1/conflicts', { id: conflict_id, name: 'War', parties: ['ru', 'ua'] });
  for (const [name, id] of Object.entries(places)) await record(url, '/v1/places', { id, name });
}

const said = (asserted_at: string) => ({
  conflict_id,
  attribution: { claimant_id: list, chain: [{ actor_id: list, role: 'publisher' }] },
  asserted_at,
});
const idOf = ({ name, said_at }: Pick<Revision, 'name' | 'said_at'>) =>
  `${name}-${said_at}`.toLowerCase();

/** Records one revision; what it takes back is superseded by it. */
async function recordRevision(url: string, revision: Revision): Promise<number> {
  const { name, said_at, held_by, as_of, takes_back } = revision;
  const controller_id = { Ukraine: 'ua', Russia: 'ru', Contested: null }[held_by];
  let last = await record(url, '/v1/claims', {
    id: idOf(revision),
    ...said(said_at),
    occurred: { from: as_of },
    places: [{ place_id: places[name], relation: 'at' }],
    place_precision: 1,
    proposition: {
      kind: 'control',
      controller_id,
      status: controller_id === null ? 'contested' : 'controlled',
      basis: 'assessed',
    },
  });
  if (takes_back !== undefined) {
    const path = `/v1/claims/${idOf({ name, said_at: takes_back })}/supersession`;
    last = await record(url, path, { ...said(said_at), by_claim_id: idOf(revision) });
  }
  return last;
}

const control = async (url: string, id: string, query: string) => {
  const answer = await get<Control>(`${url}/v1/places/${id}/control?${query}`);
  if (answer.status !== 200) throw new Error(`${query}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};
/** Who holds it, as the list says: by one statement, or none. */
const heldBy = async (url: string, name: string, query: string) => {
  const { statements } = await control(url, places[name] as string, query);
  return statements.map(({ status, controller_id }) => controller_id ?? status).join();
};

// Seen to fail with claims read as they stand now, whatever was said of them when.
t.test('what the list said by an hour of 2022, in a log that began later', async (t) => {
  const { url } = await testService(t);
  await register(url);
  let head = 0;
  for (const revision of revisions) head = await recordRevision(url, revision);
  const wait = `min_position=${head}`;
  const saidBy = (name: string, moment: string) => heldBy(url, name, `${wait}&said_at=${moment}`);

  t.equal(await saidBy('Kupiansk', '2022-08-25T08:35:59Z'), '', 'nothing had been said');
  t.equal(await saidBy('Kupiansk', '2022-09-10T09:18:00Z'), 'ru');
  t.equal(await saidBy('Kupiansk', '2022-09-10T09:20:00Z'), 'contested');
  t.equal(await saidBy('Kupiansk', '2022-09-10T13:00:00Z'), 'ua');
  t.equal(await saidBy('Kupiansk', '2022-09-13T18:40:00Z'), 'contested');
  t.equal(await saidBy('Kupiansk', '2022-09-13T18:54:00Z'), 'ua');
  t.equal(await saidBy('Kupiansk', '2022-09-13'), 'ua', 'a date is its whole day');
  t.equal(await saidBy('Lyman', '2022-09-10T12:21:00Z'), 'ru');
  t.equal(await saidBy('Lyman', '2022-09-10T13:00:00Z'), 'ua');
  t.equal(await saidBy('Lyman', '2022-09-10T21:00:00Z'), 'ru', 'put back the same evening');
  t.equal(await saidBy('Lyman', '2022-09-14'), 'ru');
  const { as_of } = await control(url, 'lyman', `${wait}&said_at=2022-09-13`);
  t.match(as_of, { position: head, said_at: '2022-09-13', valid_at: null });

  const early = await get(`${url}/v1/places/lyman/control?known_at=2022-09-13T18:40:00Z`);
  t.match(early, { status: 404 }, 'nothing was recorded then, and nobody pretends it was');

  const { history = [] } = await control(url, 'geonames:703656', `${wait}&history=true`);
  t.match(
    history.map(({ status, controller_id, asserted_at, lifecycle }) => [
      controller_id ?? status,
      asserted_at,
      lifecycle,
    ]),
    [
      ['ru', '2022-08-25T08:36:00Z', 'active'],
      ['contested', '2022-09-10T09:19:00Z', 'active'],
      ['contested', '2022-09-10T11:29:00Z', 'active'],
      ['ua', '2022-09-10T12:55:00Z', 'active'],
      ['contested', '2022-09-13T18:31:00Z', 'active'],
      ['ua', '2022-09-13T18:54:00Z', 'active'],
    ],
  );
  const then = `${wait}&history=true&said_at=2022-09-10T21:00:00Z`;
  t.match((await control(url, 'lyman', then)).history, [
    { controller_id: 'ru', occurred: { from: '2022-05-30' }, lifecycle: 'active' },
    { controller_id: 'ru', occurred: { from: '2022-05-30' }, lifecycle: 'active' },
    { controller_id: 'ua', occurred: { from: '2022-09-10' }, lifecycle: 'superseded' },
  ]);
  for (const moment of ['', '&said_at=2022-09-14']) {
    const all = (await control(url, 'lyman', `${wait}&history=true${moment}`)).history;
    const paged: unknown[] = [];
    let next: string | null = `/v1/places/lyman/control?${wait}&history=true&limit=2${moment}`;
    while (next !== null) {
      const page: Awaited<ReturnType<typeof get<Control>>> = await get<Control>(url + next);
      t.ok((page.body.history ?? []).length <= 2);
      paged.push(...(page.body.history ?? []));
      next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
    }
    t.strictSame(paged, all);
    t.equal(paged.length, 6);
  }
});

/** Has the log's clock stand where `setClock` puts it: in the functions that append, no more. */
async function withClock(t: Test, databaseUrl: string): Promise<(at: string) => Promise<void>> {
  const db: Db = openDb(openPool(databaseUrl, () => undefined));
  t.teardown(() => db.destroy());
  await sql`create table test_clock (at timestamptz)`.execute(db);
  await sql`insert into test_clock values ('2022-08-25T00:00:00Z')`.execute(db);
  for (const name of ['append_event', 'append_events', 'append_new_streams']) {
    await mutate(db, name, 'clock_timestamp()', '(select at from test_clock)');
  }
  return async (at) => void (await sql`update test_clock set at = ${at}::timestamptz`.execute(db));
}

t.test('what had been recorded by an hour, in a log that was kept in September 2022', async (t) => {
  const { url, databaseUrl } = await testService(t);
  const setClock = await withClock(t, databaseUrl);
  await register(url);
  let head = 0;
  for (const revision of revisions) {
    await setClock(revision.said_at);
    head = await recordRevision(url, revision);
  }
  const wait = `min_position=${head}`;
  const knownAt = (name: string, moment: string) => heldBy(url, name, `${wait}&known_at=${moment}`);
  t.equal(await knownAt('Kupiansk', '2022-09-13T18:30:59Z'), 'ua');
  t.equal(await knownAt('Kupiansk', '2022-09-13T18:40:00Z'), 'contested');
  t.equal(await knownAt('Kupiansk', '2022-09-13T18:54:00Z'), 'ua');
  t.equal(await knownAt('Lyman', '2022-09-10T13:00:00Z'), 'ua');
  t.equal(await knownAt('Lyman', '2022-09-10T21:00:00Z'), 'ru');
  const query = `${wait}&history=true&known_at=2022-09-13T18:40:00Z`;
  const { history = [], as_of } = await control(url, 'geonames:703656', query);
  t.equal(as_of.known_at, '2022-09-13T18:31:00Z');
  t.equal(history.length, 5, 'all that was known by then');
  t.equal((await control(url, 'geonames:703656', `${wait}&history=true`)).history?.length, 6);
});
