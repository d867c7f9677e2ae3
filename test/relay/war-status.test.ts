/** The compacted topic of the latest war status per conflict. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { conflictId } from '../../src/cli/seed-report.ts';
import { connectOnce } from '../../src/db.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import { recreateTopics } from '../../src/relay/recreate.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { brokers, get, post, recordSeed, testService } from '../service.ts';
import { startPublisher } from './publishing.ts';
import type { Report } from './relay-process.ts';
import { quiet, until } from './relaying.ts';
import { withoutKafka } from './topic.ts';

const skip = withoutKafka;
type Status = { conflict_id: string; as_of: { position: number }; claims: { total: number } };

/** Every message, of each key in order. */
async function readStatuses(prefix: string): Promise<{ key: string; status: Status }[]> {
  const args = ['-C', '-J', '-e', '-q', '-o', 'beginning', '-b', brokers as string];
  args.push('-X', 'isolation.level=read_committed', '-t', namesOf(prefix).warStatusTopic);
  const { stdout } = await promisify(execFile)('kcat', args, { timeout: 30_000 });
  return stdout.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { key, payload } = JSON.parse(line);
    return [{ key, status: JSON.parse(payload) as Status }];
  });
}

const statusOf = async (url: string, position = 1) => {
  const asked = `min_position=${position}&wait_ms=10000`;
  return (await get<Status>(`${url}/v1/conflicts/${conflictId}/status?${asked}`)).body;
};

async function claim(url: string, text: string): Promise<void> {
  const body = {
    conflict_id: conflictId,
    attribution: { claimant_id: 'cnn', chain: [] },
    proposition: { kind: 'statement', text },
  };
  // A machine at its limits is told to come again, by 503.
  let status = 503;
  await until(
    async () => {
      ({ status } = await post(`${url}/v1/claims`, body));
      return status !== 503;
    },
    () => status,
  );
  if (status !== 201) throw new Error(`the claim was answered ${status}`);
}

// Seen to fail without the digest of what was sent last.
t.test('what is on it last is what the API answers; each key in order', { skip }, async (t) => {
  const first = await testService(t, { kafka: brokers });
  const seeded = await recordSeed(first.url);
  let statuses: Awaited<ReturnType<typeof readStatuses>> = [];
  const isOnTopic = (total: number) =>
    until(
      async () => {
        statuses = await readStatuses(first.prefix);
        return statuses.at(-1)?.status.claims.total === total;
      },
      () => statuses.at(-1),
    );
  const before = (await statusOf(first.url, seeded)).claims.total;
  await isOnTopic(before);
  await claim(first.url, 'one');
  await isOnTopic(before + 1);
  // Another process goes on.
  const second = await testService(t, { kafka: brokers, like: first });
  await first.service.close();
  await claim(second.url, 'two');
  await claim(second.url, 'three');
  await isOnTopic(before + 3);
  const last = statuses.at(-1)?.status as Status;
  t.strictSame(last, { ...(await statusOf(second.url)), as_of: last.as_of });
  t.ok(statuses.every(({ key }) => key === conflictId));
  const positions = statuses.map(({ status }) => status.as_of.position);
  t.strictSame(
    positions,
    positions.toSorted((a, b) => a - b),
  );
  // What changes nothing of it is not published.
  const count = statuses.length;
  await post(`${second.url}/v1/actors`, { kind: 'agency', name: 'A' });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  t.equal((await readStatuses(first.prefix)).length, count);
});

// It has read the view, and freezes before it publishes it: the topic must not end with that. Seen
// to fail with a transactional id of each process's own.
t.test('a frozen publisher that wakes up after another took over', { skip }, async (t) => {
  const service = await testService(t, {
    kafka: brokers,
    environment: { ROLES: 'api,projector' },
  });
  const { databaseUrl, prefix, url } = service;
  const before = (await statusOf(url, await recordSeed(url))).claims.total;
  const first = spawn(process.execPath, [`${import.meta.dirname}/war-status-process.ts`], {
    env: { ...process.env, PUBLISHER: JSON.stringify({ databaseUrl, prefix }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.teardown(async () => first.kill('SIGKILL'));
  const reports: Report[] = [];
  first.on('message', (report: Report) => reports.push(report));
  let statuses: Awaited<ReturnType<typeof readStatuses>> = [];
  const isOnTopic = (total: number) =>
    until(
      async () => {
        statuses = await readStatuses(prefix);
        return statuses.at(-1)?.status.claims.total === total;
      },
      () => [reports, statuses.at(-1)],
    );
  await isOnTopic(before);
  await claim(url, 'one');
  await until(
    () => reports.includes('held'),
    () => reports,
  );
  first.kill('SIGSTOP');
  await claim(url, 'two');
  await startPublisher(t, service);
  await isOnTopic(before + 2);
  first.kill('SIGCONT');
  first.send('go on');
  await until(
    () => reports.length > 1,
    () => reports,
  );
  t.match(reports[1], { error: /epoch|fenced/i });
  await isOnTopic(before + 2);
  const positions = statuses.map(({ status }) => status.as_of.position);
  t.strictSame(
    positions,
    positions.toSorted((a, b) => a - b),
  );
});

// Seen to fail with the publisher left at work.
t.test('topics made anew have every status, though none changes', { skip }, async (t) => {
  const service = await testService(t, {
    kafka: brokers,
    environment: { ROLES: 'api,projector' },
  });
  const { databaseUrl, prefix, url } = service;
  await recordSeed(url);
  await startPublisher(t, service);
  const isThere = () =>
    until(
      async () => (await readStatuses(prefix)).length > 0,
      () => 'none',
    );
  await isThere();
  const connect = () => connectOnce(databaseUrl);
  await recreateTopics({
    kafka: kafkaClient({ brokers: [brokers as string] }, quiet),
    prefix,
    connect,
  });
  await isThere();
});
