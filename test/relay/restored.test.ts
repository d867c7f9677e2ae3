/** A log that was restored from a backup older than its topics, as a whole process meets it. */
import { pino } from 'pino';
import t from 'tap';
import { conflictId } from '../../src/cli/seed-report.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { run } from '../cli/command.ts';
import { freshDatabase } from '../db.ts';
import { brokers, get, post, recordSeed, testService } from '../service.ts';
import { until } from './relaying.ts';
import { withoutBroker } from './topic.ts';

type Publisher = {
  state: string;
  last_error: string | null;
  progress: { position: number } | null;
};
type Relay = { events: Publisher; war_status: Publisher };

const relayOf = async (url: string) => (await get<Relay>(`${url}/v1/ops/relay`)).body;

async function endsOf(prefix: string): Promise<string> {
  const kafka = kafkaClient({ brokers: [brokers as string] }, pino({ level: 'silent' }));
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(namesOf(prefix).warStatusTopic);
  await admin.disconnect();
  return JSON.stringify(ends.map(({ partition, high }) => [partition, high]).toSorted());
}

async function claim(url: string, text: string): Promise<number> {
  const body = {
    conflict_id: conflictId,
    attribution: { claimant_id: 'cnn', chain: [] },
    proposition: { kind: 'statement', text },
  };
  for (;;) {
    const answer = await post(`${url}/v1/claims`, body);
    if (answer.status === 201) return answer.body.position as number;
    if (answer.status !== 503) throw new Error(`the claim was answered ${answer.status}`);
  }
}

async function publishedThrough(url: string, position: number): Promise<void> {
  let relay: Relay | undefined;
  await until(
    async () => {
      relay = await relayOf(url);
      const { events, war_status } = relay;
      return [events, war_status].every(({ progress }) => (progress?.position ?? 0) >= position);
    },
    () => relay,
  );
}

// Seen to fail with the status 0 and silent about it, and with war statuses of the restored log on
// the topic, as nothing held the publisher to the history of the events.
t.test(
  'it publishes neither, and says why until that is mended',
  { skip: withoutBroker },
  async (t) => {
    const first = await testService(t, { kafka: brokers });
    const seeded = await recordSeed(first.url);
    await publishedThrough(first.url, seeded);
    await first.service.close();
    const { url: databaseUrl } = await freshDatabase(
      t,
      new URL(first.databaseUrl).pathname.slice(1),
    );
    const again = await testService(t, { kafka: brokers, like: first });
    await publishedThrough(again.url, await claim(again.url, 'one'));
    await again.service.close();
    const ends = await endsOf(first.prefix);

    const restored = { ...first, databaseUrl };
    const service = await testService(t, { kafka: brokers, like: restored });
    let relay: Relay | undefined;
    await until(
      async () => {
        relay = await relayOf(service.url);
        return [relay.events, relay.war_status].every(({ state }) => state !== 'starting');
      },
      () => relay,
    );
    await claim(service.url, 'another');
    await claim(service.url, 'and one more');
    // As long as a publisher that goes on would take.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const waits = { state: 'waiting', last_error: /was it restored from an older backup/ };
    t.match(await relayOf(service.url), { events: waits, war_status: waits });
    t.equal(await endsOf(first.prefix), ends, 'nothing was published');
    t.match((await get(`${service.url}/readyz`)).body, { status: 'degraded', relay: waits });

    const settings = { KAFKA_BROKERS: brokers, KAFKA_PREFIX: first.prefix };
    const asText = await run(databaseUrl, settings, 'status');
    t.match(asText, {
      code: 1,
      stdout: /nothing goes to .*events\.v1 since .*restored from an older/,
    });
    const asJson = await run(databaseUrl, settings, 'status', '--json');
    t.equal(asJson.code, 1);
    const kept = { last_error: waits.last_error, failed_at: String };
    t.match(JSON.parse(asJson.stdout), { relay: kept, war_status: kept });

    await service.service.close();
    t.match(await run(databaseUrl, settings, 'topics', 'recreate', '--yes'), { code: 0 });
    const mended = await testService(t, { kafka: brokers, like: restored });
    await publishedThrough(mended.url, seeded + 2);
    t.match(await relayOf(mended.url), {
      events: { last_error: null },
      war_status: { last_error: null },
    });
    t.match(await run(databaseUrl, settings, 'status'), { code: 0 });
  },
);
