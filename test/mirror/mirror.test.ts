/** The mirror on the real topic: histories, what was given up, and what is no event. */
import fc from 'fast-check';
import type { Message } from 'kafkajs';
import t from 'tap';
import { type Db, readHead, readLogId } from '../../src/db.ts';
import type { EventStore, RecordedEvent } from '../../src/eventstore/event-store.ts';
import { readMirrorProgress } from '../../src/mirror/site.ts';
import { prepareProjection } from '../../src/projections/generations.ts';
import { pagesOf } from '../../src/projections/pages.ts';
import { projectBatch } from '../../src/projections/projector.ts';
import { Partitioners } from '../../src/relay/kafkajs.ts';
import { toMessage } from '../../src/relay/message.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { projections } from '../../src/service.ts';
import { openStore } from '../db.ts';
import { append, event } from '../eventstore/events.ts';
import { someLog } from '../projections/histories.ts';
import { freshLog, type Log, relayedTo, startRelay, until } from '../relay/relaying.ts';
import { withoutBroker } from '../relay/topic.ts';
import {
  freshMirror,
  kafkaOf,
  logRows,
  openProducer,
  projectionRows,
  startMirror,
} from './mirroring.ts';

const skip = withoutBroker;

function histories(count: number, seed: number): readonly RecordedEvent[][] {
  return fc.sample(someLog, { numRuns: count, seed });
}

async function appendAll({ store }: Pick<Log, 'store'>, events: readonly RecordedEvent[]) {
  for (const { stream, position: _, version: _v, recorded_at: _r, ...event } of events) {
    await store.append(append(stream, [event]));
  }
  return store.head();
}

async function mirroredTo(db: Db, head: number, tell: () => unknown): Promise<void> {
  await until(async () => (await readHead(db)) >= head, tell);
}

async function project(db: Db, store: EventStore): Promise<void> {
  for (const projection of projections) {
    await prepareProjection(db, projection);
    const pages = pagesOf(store);
    while ((await projectBatch(db, projection, pages)) > 0);
  }
}

// Seen to fail with `ce_recordedby` left out of the messages.
t.test("of any history, log and rows are the primary's, byte for byte", { skip }, async (t) => {
  for (const history of histories(3, Date.now() % 2 ** 31)) {
    const log = await freshLog(t);
    const mirror = await freshMirror(t);
    const { state } = startMirror(t, { db: mirror.db, prefix: log.prefix });
    const head = await appendAll(log, history);
    await relayedTo(await startRelay(t, log), head);
    await mirroredTo(mirror.db, head, () => state);
    t.strictSame(await logRows(mirror.db), await logRows(log.db));
    await project(log.db, log.store);
    await project(mirror.db, openStore(t, mirror));
    const [rows, expected] = await Promise.all([
      projectionRows(mirror.db, projections),
      projectionRows(log.db, projections),
    ]);
    t.ok(Object.values(expected).flat().length > head / 2);
    t.strictSame(rows, expected);
  }
});

// Seen to fail with the mirror reading uncommitted messages: it is refused for the other event.
t.test('copies of a batch that was given up are not seen', { skip }, async (t) => {
  const log = await freshLog(t);
  const head = await appendAll(log, (histories(1, 7)[0] as RecordedEvent[]).slice(0, 10));
  const [event] = await log.store.readLog(0, 1, 1);
  const producer = kafkaOf().producer({
    transactionalId: `${log.prefix}-other`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  const id = '0199a000-0000-4000-8000-000000000000';
  const message = toMessage({ ...(event as RecordedEvent), id }, await readLogId(log.db));
  await transaction.send({ topic: namesOf(log.prefix).eventsTopic, messages: [message] });
  await transaction.abort();
  await producer.disconnect();
  await relayedTo(await startRelay(t, log), head);
  const mirror = await freshMirror(t);
  const { state } = startMirror(t, { db: mirror.db, prefix: log.prefix });
  await mirroredTo(mirror.db, head, () => state);
  t.strictSame(await logRows(mirror.db), await logRows(log.db));
});

t.test('a restart resumes; another log on the topic is refused', { skip }, async (t) => {
  const log = await freshLog(t);
  const [history] = histories(1, 8) as [RecordedEvent[]];
  const mirror = await freshMirror(t);
  const relay = await startRelay(t, log);
  const first = startMirror(t, { db: mirror.db, prefix: log.prefix });
  const half = await appendAll(log, history.slice(0, 30));
  await relayedTo(relay, half);
  await mirroredTo(mirror.db, half, () => first.state);
  await first.stop();
  const head = await appendAll(log, history.slice(30));
  const second = startMirror(t, { db: mirror.db, prefix: log.prefix });
  await mirroredTo(mirror.db, head, () => second.state);
  t.strictSame(await logRows(mirror.db), await logRows(log.db));
  await second.stop();
  const producer = openProducer();
  await producer.connect();
  const [event] = await log.store.readLog(0, 1, 1);
  const foreign = { ...(event as RecordedEvent), position: head + 1 };
  const message = toMessage(foreign, '0199a000-0000-4000-8000-000000000000');
  await producer.send({ topic: namesOf(log.prefix).eventsTopic, messages: [message] });
  await producer.disconnect();
  const third = startMirror(t, { db: mirror.db, prefix: log.prefix });
  await until(
    () => third.state.state === 'refused',
    () => third.state,
  );
  t.match(third.state.lastError, /the topic is of log 0199a000/);
  t.equal((await logRows(mirror.db)).length, head);
});

// Seen to fail, by never ending, without the look at what was asked before it listened.
t.test('it stops at once also where it has hardly begun', { skip }, async (t) => {
  const { prefix } = await freshLog(t);
  const mirror = await freshMirror(t);
  const { stop } = startMirror(t, { db: mirror.db, prefix });
  await stop();
});

// Seen to fail without the pause.
t.test('a partition that is far ahead waits for the others', { skip }, async (t) => {
  const log = await freshLog(t);
  for (let i = 0; i < 60; i += 1) {
    const data = { actor_id: `a${i}`, name: 'A', kind: 'agency' };
    await log.store.append(append(`actor-a${i}`, [{ ...event(data), type: 'ActorRegistered' }]));
  }
  const head = await log.store.head();
  const logId = await readLogId(log.db);
  const events = await log.store.readLog(0, head, 1e9);
  const [first, ...rest] = events.map((event) => toMessage(event, logId));
  const producer = openProducer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  const topic = namesOf(log.prefix).eventsTopic;
  const send = (messages: readonly (typeof first)[], partition: number) =>
    producer.send({ topic, messages: messages.map((one) => ({ ...(one as Message), partition })) });
  const mirror = await freshMirror(t);
  const { state } = startMirror(t, { db: mirror.db, prefix: log.prefix, aheadEventsMax: 10 });
  const waiting = async () => (await readMirrorProgress(mirror.db)).waiting;
  await send(rest.slice(0, 30), 0);
  await until(
    async () => (await waiting()) === 30,
    () => state,
  );
  await send(rest.slice(30), 0);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.equal(await waiting(), 30, 'no more is read');
  await send([first], 1);
  await mirroredTo(mirror.db, head, () => state);
  t.strictSame(await logRows(mirror.db), await logRows(log.db));
});
