/** A read site that is there before its topic. */
import t from 'tap';
import { readHead } from '../../src/db.ts';
import { initTopics, kafkaClient } from '../../src/relay/client.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { freshStore } from '../db.ts';
import { appendActors } from '../projections/actors.ts';
import { obligingBroker } from '../relay/broker.ts';
import { quiet, relayedTo, startRelay, until } from '../relay/relaying.ts';
import { withoutBroker } from '../relay/topic.ts';
import { freshMirror, startMirror } from './mirroring.ts';

// Seen to fail with the consumer left as kafkajs has it: the broker makes the topic, with one
// partition.
t.test('no topic is made but by our command', { skip: withoutBroker }, async (t) => {
  const brokers = await obligingBroker(t, t.testdir());
  const prefix = 'unmade';
  const kafka = kafkaClient({ brokers: [brokers] }, quiet);
  const log = await freshStore(t);
  const head = 20;
  await appendActors(log.store, head);
  const mirror = await freshMirror(t);
  const { state } = startMirror(t, { db: mirror.db, prefix, kafka });
  const relay = await startRelay(t, { ...log, prefix }, { kafka });
  await until(
    () => state.state === 'waiting' && relay.state.state === 'waiting',
    () => [state, relay.state],
  );
  const admin = kafka.admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  const topicsOfOurs = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  t.strictSame(topicsOfOurs, []);
  await initTopics({ brokers: [brokers] }, prefix, quiet);
  await relayedTo(relay, head);
  await until(
    async () => (await readHead(mirror.db)) >= head,
    () => state,
  );
  const topic = namesOf(prefix).eventsTopic;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  t.equal(topics[0]?.partitions.length, 6);
});
