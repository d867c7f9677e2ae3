/** The compacted topic of the latest war status per conflict. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { conflictId } from '../../src/cli/seed-report.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { brokers, get, post, recordSeed, testService } from '../service.ts';
import { until } from './relaying.ts';
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

// Seen to fail without the digest of what was sent last.
t.test('what is on it last is what the API answers; each key in order', { skip }, async (t) => {
  const first = await testService(t, { kafka: brokers });
  await recordSeed(first.url);
  const status = async (url: string) =>
    (await get<Status>(`${url}/v1/conflicts/${conflictId}/status?min_position=1`)).body;
  const claim = (url: string, text: string) =>
    post(`${url}/v1/claims`, {
      conflict_id: conflictId,
      attribution: { claimant_id: 'cnn', chain: [] },
      proposition: { kind: 'statement', text },
    });
  let statuses: Awaited<ReturnType<typeof readStatuses>> = [];
  const isOnTopic = (total: number) =>
    until(
      async () => {
        statuses = await readStatuses(first.prefix);
        return statuses.at(-1)?.status.claims.total === total;
      },
      () => statuses.at(-1),
    );
  const before = (await status(first.url)).claims.total;
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
  t.strictSame(last, { ...(await status(second.url)), as_of: last.as_of });
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
