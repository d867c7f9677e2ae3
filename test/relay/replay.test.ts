/** Parts of the log again, each once, on a topic of its own. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { readLogId } from '../../src/db.ts';
import { batchSizeMax } from '../../src/relay/batches.ts';
import { runReplay, startReplay } from '../../src/relay/replay.ts';
import {
  cancelReplay,
  findReplay,
  type Replay,
  type ReplayAsked,
  ReplayRefused,
  takeReplay,
} from '../../src/relay/replays.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { kafkaOf } from '../mirror/mirroring.ts';
import { fill, freshLog, withSteps } from './relaying.ts';
import { readTopic, withoutKafka } from './topic.ts';

const skip = withoutKafka;
const never = new AbortController().signal;
const all = { types: [], stream: undefined, topic: undefined };

async function replaying(t: Parameters<typeof freshLog>[0]) {
  const log = await freshLog(t);
  const head = await fill(log, 3 * batchSizeMax + 250);
  const { db, store, prefix } = log;
  const parts = { kafka: kafkaOf(), db, store, prefix, logId: await readLogId(db) };
  const start = async (asked: Partial<ReplayAsked>) => {
    const id = randomBytes(4).toString('hex');
    return (await startReplay(parts, id, { from: 1, to: head, ...all, ...asked })).replay;
  };
  // A commit is answered before each partition has heard of it: `count` are waited for, at least.
  const positions = async ({ topic }: Replay, count = 0) => {
    for (;;) {
      const messages = await readTopic(prefix, undefined, 'read_committed', topic);
      if (messages.length < count) continue;
      return messages.map(({ headers }) => Number(headers.ce_position)).sort((a, b) => a - b);
    }
  };
  return { log, head, parts, start, positions };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

t.test('each event of the part once, on its topic alone', { skip }, async (t) => {
  const { log, parts, start, positions } = await replaying(t);
  const replay = await start({ from: 11, to: 2_500 });
  const end = await runReplay(parts, replay, never);
  t.match(end, { state: 'done', position: 2_500, published: 2_490 });
  t.strictSame(await positions(replay, 2_490), range(11, 2_500));
  const chosen = await start({ stream: 's-3', topic: `other-${log.prefix}` });
  await runReplay(parts, chosen, never);
  const stream = await log.store.readStream('s-3');
  t.strictSame(
    await positions(chosen, stream.length),
    stream.map(({ position }) => position),
  );
  const none = await start({ types: ['ClaimMade'] });
  t.match(await runReplay(parts, none, never), { state: 'done', published: 0 });
});

// Seen to fail with the mark not read.
t.test('stopped or killed anywhere, it goes on: nothing twice', { skip }, async (t) => {
  const { head, parts, start, positions } = await replaying(t);
  const replay = await start({});
  const stopping = new AbortController();
  const stop = { afterCommit: async () => stopping.abort() };
  const stopped = { ...parts, kafka: withSteps(kafkaOf(), stop) };
  t.match(await runReplay(stopped, replay, stopping.signal), {
    state: 'running',
    position: batchSizeMax,
  });
  // As if it had ended before it heard that its commit was there, or in the middle of a batch.
  const end = async () => {
    throw new Error('killed');
  };
  for (const steps of [{ afterCommit: end }, { beforeCommit: end }]) {
    const killed = { ...parts, kafka: withSteps(kafkaOf(), steps) };
    await t.rejects(runReplay(killed, replay, never), /killed/);
  }
  const again = (await findReplay(parts.db, replay.id)) as Replay;
  t.match(await runReplay(parts, again, never), { state: 'done', published: head });
  t.strictSame(await positions(replay, head), range(1, head));
});

t.test('what is not in the log, and topics that are read, are refused', { skip }, async (t) => {
  const { log, head, parts, start } = await replaying(t);
  const refusal = async (asked: Partial<ReplayAsked>) => {
    const error = await start(asked).catch((error: unknown) => error);
    return error instanceof ReplayRefused ? error.message : `not refused: ${error}`;
  };
  t.match(await refusal({ to: head + 1 }), new RegExp(`the log ends at position ${head}`));
  t.match(await refusal({ from: 2, to: 1 }), /nothing from 2 to 1/);
  const { eventsTopic, warStatusTopic, deadLettersTopic } = namesOf(log.prefix);
  for (const topic of [eventsTopic, warStatusTopic, deadLettersTopic]) {
    t.match(await refusal({ topic }), /a topic that others read/);
  }
  const replay = await start({ to: 10 });
  t.match(await refusal({ topic: replay.topic }), /the topic of another replay/);
  await runReplay(parts, replay, never);
  await log.db.deleteFrom('replays').where('id', '=', replay.id).execute();
  t.match(await refusal({ topic: replay.topic }), /has messages already/);
  const other = await start({});
  t.match(await cancelReplay(parts.db, other.id), { state: 'cancelled' });
  t.match(await cancelReplay(parts.db, other.id), { state: 'cancelled' });
  t.match(await runReplay(parts, other, never), { state: 'cancelled', published: 0 });
  await t.rejects(takeReplay(parts.db, other.id, 'command'), /is cancelled/);
  await t.rejects(cancelReplay(parts.db, 'none'), /there is no replay none/);
});

// Seen to fail with the tail not read: all is there twice.
t.test('a mark that the brokers have forgotten is read from the topic', { skip }, async (t) => {
  const { head, parts, start, positions } = await replaying(t);
  const replay = await start({ stream: 's-3' });
  const stopping = new AbortController();
  const stop = { afterCommit: async () => stopping.abort() };
  await runReplay({ ...parts, kafka: withSteps(kafkaOf(), stop) }, replay, stopping.signal);
  const before = await positions(replay, 1);
  t.ok(before.length > 0 && before.length < head / 20);
  const admin = kafkaOf().admin();
  await admin.connect();
  await admin.deleteGroups([`${parts.prefix}-replay-${replay.id}`]);
  await admin.disconnect();
  const stream = await parts.store.readStream('s-3');
  t.match(await runReplay(parts, replay, never), { state: 'done', published: stream.length });
  t.strictSame(
    await positions(replay, stream.length),
    stream.map(({ position }) => position),
  );
});

// Seen to fail without the look at who runs it: the first does it all.
t.test('another takes it over, and who had it lets go', { skip }, async (t) => {
  const { head, parts, start, positions } = await replaying(t);
  const replay = await start({});
  const slowly = withSteps(kafkaOf(), { afterCommit: () => sleep(1_100) });
  const first = runReplay({ ...parts, kafka: slowly }, replay, never);
  await sleep(300);
  const taken = await takeReplay(parts.db, replay.id, 'service');
  t.match(await first, { state: 'running', run_by: 'service' });
  t.match(await runReplay(parts, taken, never), { state: 'done', published: head });
  t.strictSame(await positions(replay, head), range(1, head));
});
