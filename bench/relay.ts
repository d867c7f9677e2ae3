/** How fast the relay is beside Kafka's own producer, and how soon after its append an event is read. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { pino } from 'pino';
import { connectOnce, openDb, openPool, readLogId } from '../src/db.ts';
import { listenForAppends } from '../src/eventstore/wakeup.ts';
import { initTopics, kafkaClient } from '../src/relay/client.ts';
import { Partitioners } from '../src/relay/kafkajs.ts';
import { messageBytes, toMessage } from '../src/relay/message.ts';
import { type RelayState, runRelay } from '../src/relay/relay.ts';
import { namesOf } from '../src/relay/topics.ts';
import { java, kafkaTools } from '../test/relay/kafka-tools.ts';
import { closedLoop, inTurn, round, table } from './measure.ts';
import type { Bench } from './run.ts';
import { frontlog, newEvent } from './stores.ts';

const quiet = pino({ level: 'silent' });
const writers = 256;
const appendsPerSecond = 500;

type Log = { url: string; store: Awaited<ReturnType<typeof frontlog>>['store']; logId: string };

export const benchRelay: Bench = async (fresh, short, brokers) => {
  const url = await fresh('frontlog');
  const { store, append, close } = await frontlog(url);
  const db = openDb(openPool(url, () => undefined));
  const log: Log = { url, store, logId: await readLogId(db) };
  await db.destroy();
  const kafka = kafkaClient({ brokers: [brokers] }, quiet);
  const head = await fill(append, store.head, short ? 20_000 : 200_000);
  const [first] = await store.readLog(0, 1, 1);
  const recordBytes = first === undefined ? 0 : messageBytes(toMessage(first, log.logId));
  const tools = await kafkaTools();
  const perSecond = await inTurn(short ? 1 : 3, {
    relay: () => relayAll(log, brokers, kafka, head),
    'kafka-producer-perf-test': () => perfTest(tools, brokers, head, recordBytes),
  });
  const ratio = round(perSecond.relay / perSecond['kafka-producer-perf-test'], 2);
  const latency = await latencies(log, brokers, kafka, short ? 3_000 : 20_000);
  await close();
  const rows = Object.entries(perSecond).map(([name, rate]) => ({
    ...{ 'events/s': name, [`records of ${recordBytes} bytes`]: Math.round(rate) },
  }));
  return {
    text: `${table(rows)}\nratio ${ratio}\n\n${table([latency])}`,
    json: { perSecond, ratio, recordBytes, latency },
  };
};

async function fill(append: () => Promise<unknown>, head: () => Promise<number>, count: number) {
  while ((await head()) < count) await closedLoop(append, { callers: writers, ms: 500 });
  return head();
}

async function startRelay(log: Log, kafka: Kafka, prefix: string) {
  const stopping = new AbortController();
  const wakeup = listenForAppends(log.url, () => undefined);
  const state: RelayState = { state: 'starting', position: 0 };
  const connect = () => connectOnce(log.url);
  const parts = { ...log, kafka, wakeup, prefix, connect, state, logger: quiet };
  const running = runRelay(parts, stopping.signal);
  while (state.state !== 'active') await sleep(1);
  const stop = async () => {
    stopping.abort();
    await running;
    await wakeup.close();
  };
  return { state, stop };
}

/** Relays the whole log to a new topic; answers events per second. */
async function relayAll(log: Log, brokers: string, kafka: Kafka, head: number): Promise<number> {
  const prefix = `bench-${randomUUID()}`;
  await initTopics({ brokers: [brokers] }, prefix, quiet);
  const { state, stop } = await startRelay(log, kafka, prefix);
  const started = performance.now();
  const from = state.position;
  while (state.position < head) await sleep(1);
  const rate = ((head - from) * 1_000) / (performance.now() - started);
  await stop();
  return rate;
}

async function perfTest(tools: string, brokers: string, count: number, bytes: number) {
  const prefix = `bench-${randomUUID()}`;
  await initTopics({ brokers: [brokers] }, prefix, quiet);
  const output = await java(tools, [
    'org.apache.kafka.tools.ProducerPerformance',
    ...['--bootstrap-server', brokers, '--topic', namesOf(prefix).eventsTopic],
    ...['--num-records', `${count}`, '--record-size', `${bytes}`, '--throughput', '-1'],
    ...['--command-property', 'acks=all'],
  ]);
  const [, rate] = /([\d.]+) records\/sec(?![\s\S]*records\/sec)/.exec(output) ?? [];
  if (rate === undefined) throw new Error(`no rate in: ${output}`);
  return Number(rate);
}

/** From the acknowledgement of an append to its event in a `read_committed` consumer. */
async function latencies(log: Log, brokers: string, kafka: Kafka, ms: number) {
  const prefix = `bench-${randomUUID()}`;
  await initTopics({ brokers: [brokers] }, prefix, quiet);
  const { stop } = await startRelayAtHead(log, kafka, prefix);
  const consumer = kafka.consumer({ groupId: prefix, maxWaitTimeInMs: 1_000 });
  const seenAt = new Map<string, number>();
  await consumer.connect();
  await consumer.subscribe({ topics: [namesOf(prefix).eventsTopic], fromBeginning: false });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      seenAt.set(String(message.headers?.ce_id), performance.now());
    },
  });
  await sleep(2_000);
  const acknowledgedAt = new Map<string, number>();
  const started = performance.now();
  for (let count = 0; performance.now() - started < ms; await sleep(1)) {
    const due = ((performance.now() - started) * appendsPerSecond) / 1_000;
    for (; count < due; count += 1) {
      const event = newEvent();
      log.store
        .append({ stream: `claim-${event.id}`, expectedVersion: 0, events: [event] })
        .then(() => acknowledgedAt.set(event.id, performance.now()));
    }
  }
  await sleep(2_000);
  await consumer.disconnect();
  await stop();
  // Visible to a reader a little before its writer is told: that is no time at all.
  const times = [...acknowledgedAt]
    .map(([id, at]) => Math.max(0, (seenAt.get(id) ?? Number.POSITIVE_INFINITY) - at))
    .toSorted((a, b) => a - b);
  const quantile = (q: number) => round(times[Math.floor(q * (times.length - 1))] ?? 0, 1);
  return {
    'ms from acknowledged to consumed': `${times.length} appends, ${appendsPerSecond}/s`,
    ...{ p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
  };
}

/** A relay that has nothing of the log to catch up with: its checkpoint is put at the head. */
async function startRelayAtHead(log: Log, kafka: Kafka, prefix: string) {
  const { eventsTopic, relayGroup } = namesOf(prefix);
  const position = await log.store.head();
  const [last] = await log.store.readLog(position - 1, 1, 1);
  const producer = kafka.producer({
    ...{ transactionalId: relayGroup, idempotent: true, maxInFlightRequests: 1 },
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  const checkpoint = { offset: `${position}`, metadata: `${log.logId}/${last?.id}` };
  await transaction.sendOffsets({
    consumerGroupId: relayGroup,
    topics: [{ topic: eventsTopic, partitions: [{ partition: 0, ...checkpoint }] }],
  });
  await transaction.commit();
  await producer.disconnect();
  return startRelay(log, kafka, prefix);
}
