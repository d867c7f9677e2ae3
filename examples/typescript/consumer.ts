// Reads frontlog.events.v1, each event once. Keeps its place beside what it makes of the events, so
// that both are there or neither: here in one file, else in one transaction of your database. Alone
// in its group, as positions are dense over all partitions: one that does not come is a gap.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Kafka } from 'kafkajs';

const topic = process.env.TOPIC ?? 'frontlog.events.v1';
const path = process.env.STATE ?? 'state.json';
const stopAfter = Number(process.env.STOP_AFTER ?? Number.POSITIVE_INFINITY);
const gapAfterMs = Number(process.env.GAP_AFTER_MS ?? 60_000);
// Every position to `through` was seen, and those of `ahead`; of each partition the next offset.
const state = { through: 0, ahead: [] as number[], offsets: {} as Record<string, string> };
try {
  Object.assign(state, JSON.parse(readFileSync(path, 'utf8')));
} catch {
  // The first time.
}
const ahead = new Set(state.ahead);
let movedAt = Date.now();

const kafka = new Kafka({ brokers: (process.env.BROKERS ?? '127.0.0.1:9092').split(',') });
// kafkajs reads committed messages alone unless it is told otherwise.
const consumer = kafka.consumer({ groupId: process.env.GROUP ?? 'example' });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  for (const partition of payload.memberAssignment[topic] ?? []) {
    const offset = state.offsets[partition];
    if (offset !== undefined) consumer.seek({ topic, partition, offset });
  }
});
setInterval(() => {
  if (ahead.size === 0 || Date.now() - movedAt < gapAfterMs) return;
  process.stderr.write(`gap: position ${state.through + 1} did not come\n`);
  process.exit(1);
}, gapAfterMs / 10);
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ partition, message }) => {
    const position = Number(message.headers?.ce_position);
    if (position > state.through && !ahead.has(position)) {
      process.stdout.write(`${position} ${message.headers?.ce_type} ${message.value}\n`);
      ahead.add(position);
      while (ahead.delete(state.through + 1)) {
        state.through += 1;
        movedAt = Date.now();
      }
    }
    state.offsets[partition] = String(BigInt(message.offset) + 1n);
    writeFileSync(`${path}.new`, JSON.stringify({ ...state, ahead: [...ahead] }));
    renameSync(`${path}.new`, path);
    // Leaves the group, so that the next one need not wait for this one to be missed.
    if (state.through >= stopAfter) consumer.disconnect().then(() => process.exit());
  },
});
