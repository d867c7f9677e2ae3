/** Dead letters over HTTP, at a read site. */
import type { Message } from 'kafkajs';
import t from 'tap';
import { readMirrorProgress } from '../../src/mirror/site.ts';
import { spoiledLog } from '../mirror/spoiled-log.ts';
import { checkAnswer } from '../openapi.ts';
import { until } from '../relay/relaying.ts';
import { withoutBroker } from '../relay/topic.ts';
import { brokers, get, post, testService } from '../service.ts';

const skip = withoutBroker;
type Letter = { id: number; position: number | null; state: string; reason: string };
type Page = { items: Letter[]; next_cursor: string | null };

async function send(method: 'POST' | 'DELETE', url: string) {
  const response = await fetch(url, { method });
  const { status, headers } = response;
  const body = (await response.json()) as Letter & { code?: string; detail?: string };
  checkAnswer(method, url, { status, contentType: headers.get('content-type') ?? '', body });
  return { status, body };
}

t.test('dead letters are listed, tried again, dropped', { skip }, async (t) => {
  const unknown = ({ headers, ...rest }: Message): Message => {
    return { ...rest, headers: { ...headers, ce_type: 'frontlog.war-ended.v1' } };
  };
  const { mirror, log, reaches } = await spoiledLog(t, ([first, ...rest]) => [
    { key: 'x', value: 'not an event' },
    unknown(first as Message),
    ...rest,
  ]);
  const progress = () => readMirrorProgress(mirror.db);
  await until(async () => (await progress()).dead_letters === 2, progress);
  const { url } = await testService(t, {
    environment: {
      ...{ DATABASE_URL: mirror.url, KAFKA_BROKERS: brokers, KAFKA_PREFIX: log.prefix },
      ...{ PROJECTION_FEED: 'kafka', ROLES: 'api' },
    },
  });
  const ops = `${url}/v1/ops/dead-letters`;
  const { body: all } = await get<Page>(ops);
  const foreign = all.items.find(({ position }) => position === null) as Letter;
  const held = all.items.find(({ position }) => position === 1) as Letter;
  t.equal(all.items.length, 2);
  t.equal(all.next_cursor, null);
  const { body: one } = await get<Page>(`${ops}?limit=1&state=open`);
  const { body: two } = await get<Page>(`${ops}?limit=1&state=open&cursor=${one.next_cursor}`);
  t.strictSame([...one.items, ...two.items], all.items);
  for (const bad of ['cursor=xyz', 'state=lost', 'limit=0', 'x=1']) {
    t.equal((await get(`${ops}?${bad}`)).status, 400, bad);
  }

  t.match(await send('DELETE', `${ops}/${held.id}`), {
    status: 409,
    body: { code: 'waited-for', detail: /position 1 is missing/ },
  });
  t.match(await send('POST', `${ops}/${held.id}/replay`), {
    status: 422,
    body: { code: 'not-taken', detail: held.reason },
  });
  t.match(await send('POST', `${ops}/${foreign.id}/replay?unchecked=true`), { status: 422 });
  t.match(await send('DELETE', `${ops}/${foreign.id}`), {
    status: 200,
    body: { state: 'dropped' },
  });
  const taken = { status: 200, body: { id: held.id, state: 'replayed' } };
  t.match(await send('POST', `${ops}/${held.id}/replay?unchecked=true`), taken);
  await reaches(10);
  t.match(await send('POST', `${ops}/${held.id}/replay`), taken, 'so already');
  t.match(await send('DELETE', `${ops}/${held.id}`), { status: 409, body: { code: 'replayed' } });
  for (const method of ['POST', 'DELETE'] as const) {
    const path = method === 'POST' ? '/replay' : '';
    t.equal((await send(method, `${ops}/999${path}`)).status, 404);
    t.equal((await send(method, `${ops}/x${path}`)).status, 400);
  }
  const { body: open } = await get<Page>(`${ops}?state=open`);
  t.strictSame(open.items, []);

  // Nothing is published from here.
  const replay = await post(`${url}/v1/ops/replays`, { from_position: 1, to_position: 1 });
  t.match(replay, { status: 405, body: { code: 'read-site' } });
  t.equal(replay.headers.get('allow'), 'GET, HEAD, OPTIONS');
  t.match(await get(`${url}/v1/ops/relay`), {
    status: 200,
    body: { events: { state: 'elsewhere', progress: null } },
  });
});
