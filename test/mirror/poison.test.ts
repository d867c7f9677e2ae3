/** What is on the topic and cannot be taken: a dead letter once, the next is processed, mended. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Message } from 'kafkajs';
import t from 'tap';
import { publishDeadLetters } from '../../src/mirror/dead-letter-topic.ts';
import {
  dropDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '../../src/mirror/dead-letters.ts';
import { readMirrorProgress } from '../../src/mirror/site.ts';
import { take } from '../../src/mirror/take.ts';
import { toMessage } from '../../src/relay/message.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { until } from '../relay/relaying.ts';
import { withoutBroker } from '../relay/topic.ts';
import { brokers } from '../service.ts';
import { logRows } from './mirroring.ts';
import { spoiledLog } from './spoiled-log.ts';

const skip = withoutBroker;
const { signal } = new AbortController();
const open = { state: 'open', after: 0, limit: 100 } as const;

async function lettersOnTopic(prefix: string): Promise<{ key: string; headers: string[] }[]> {
  const topic = namesOf(prefix).deadLettersTopic;
  const args = ['-C', '-J', '-e', '-q', '-o', 'beginning', '-b', brokers as string, '-t', topic];
  const { stdout } = await promisify(execFile)('kcat', args, { timeout: 30_000 });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

t.test('what is no event holds nothing up', { skip }, async (t) => {
  const foreign: Message[] = [
    { key: 'x', value: 'not an event' },
    // Where it goes has to be the same when the producer tries again.
    { key: null, partition: 0, value: null, headers: { ce_position: 'x' } },
    { key: 'y', value: Buffer.from([0xff, 0]), headers: { a: ['1', '2'] } },
  ];
  const spoil = (messages: Message[]) => [...foreign, ...messages];
  const { log, mirror, reaches } = await spoiledLog(t, spoil);
  await reaches(10);
  t.strictSame(await logRows(mirror.db), await logRows(log.db));
  const letters = await listDeadLetters(mirror.db, open);
  t.equal(letters.length, 3);
  for (const letter of letters) {
    t.match(letter, { position: null, reason: /the header ce_position is no position/ });
    t.match(await replayDeadLetter(mirror.db, letter, false), /ce_position is no position/);
    t.equal(await dropDeadLetter(mirror.db, letter), undefined);
  }
  t.match(await readMirrorProgress(mirror.db), { held: null, dead_letters: 0 });
});

const spoils: Record<string, (message: Message) => Message> = {
  'of a later version': ({ headers, ...rest }) => {
    return { ...rest, headers: { ...headers, ce_type: 'frontlog.claim-made.v99' } };
  },
  'of an unknown type': ({ headers, ...rest }) => {
    return { ...rest, headers: { ...headers, ce_type: 'frontlog.war-ended.v1' } };
  },
  'of no type': ({ headers, ...rest }) => ({ ...rest, headers: { ...headers, ce_type: 'x' } }),
  'outside its schema': (message) => ({ ...message, value: '{"claim_id":7}' }),
  'no JSON': (message) => ({ ...message, value: 'not JSON' }),
};
// Seen to fail with messages taken unchecked, and with letters published by the note in the database
// alone: twice.
for (const [what, spoil] of Object.entries(spoils)) {
  t.test(`an event ${what} is held, told once, and mended`, { skip }, async (t) => {
    const place = 4;
    const { log, mirror, good, send, reaches, parts } = await spoiledLog(t, (messages) =>
      messages.map((message, i) => (i === place ? spoil(message) : message)),
    );
    await reaches(place);
    const found = () => listDeadLetters(mirror.db, open);
    await until(async () => (await readMirrorProgress(mirror.db)).waiting === 9 - place, found);
    const [letter, ...others] = await found();
    t.strictSame(others, []);
    const progress = await readMirrorProgress(mirror.db);
    t.match(progress, { missing: place + 1, held: letter?.reason, dead_letters: 1 });
    t.match(await dropDeadLetter(mirror.db, letter as never), /position 5 is missing/);
    t.ok(await replayDeadLetter(mirror.db, letter as never, true), 'this release cannot');
    t.equal((await logRows(mirror.db)).length, place);

    // Once also where its publishing was not noted.
    for (let i = 0; i < 2; i += 1) {
      t.equal(await publishDeadLetters(parts, signal), 1);
      await mirror.pool.query('update dead_letters set published = false');
    }
    const [told, ...more] = await lettersOnTopic(log.prefix);
    t.strictSame(more, []);
    t.equal(told?.key, good[place]?.key);
    for (const one of [letter?.reason, String(letter?.offset), 'dlq_site']) {
      t.ok(told?.headers.includes(one as string), `it tells ${one}`);
    }

    if (what === 'no JSON' || what === 'of no type') {
      t.match(await replayDeadLetter(mirror.db, letter as never, false), /JSON|no type/);
      // A good copy mends it, wherever it comes from.
      await send([good[place] as Message]);
      await reaches(10);
      t.strictSame(await logRows(mirror.db), await logRows(log.db));
      t.equal(await dropDeadLetter(mirror.db, letter as never), undefined);
    } else {
      // As after an upgrade, which makes the check pass.
      t.equal(await replayDeadLetter(mirror.db, letter as never, false), undefined);
      t.equal((await logRows(mirror.db)).length, 10);
    }
    t.match(await readMirrorProgress(mirror.db), { missing: null, held: null, dead_letters: 0 });
  });
}

t.test('every event of the history is taken as it is', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const path = new URL('../domain/history.json', import.meta.url);
  const logId = '0199a000-0000-4000-8000-000000000000';
  const metadata = {
    ...{ correlation_id: 'c', causation_id: 'd', recorded_by: 'key:é', request_sha256: 'ab' },
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  for (const { type, schema_version, data } of JSON.parse(await readFile(path, 'utf8'))) {
    const event = {
      ...{ type, schema_version, data, position: 7, version: 2, stream: 'claim-k1', metadata },
      id: '0199a000-0000-7000-8000-000000000000',
      recorded_at: '2022-09-12T12:39:00.123456Z',
    };
    const { key, value, headers } = toMessage(event, logId);
    const asRead = Object.entries(headers ?? {}).map(([name, text]) => [
      name,
      Buffer.from(`${text}`),
    ]);
    const message = { key: Buffer.from(`${key}`), value: Buffer.from(`${value}`) };
    const taken = take({ ...message, headers: Object.fromEntries(asRead) });
    t.strictSame(taken, { event: { ...event, logId, data: JSON.stringify(data) } });
  }
});
