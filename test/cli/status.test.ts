/** `frontlog status` and `frontlog dlq`, as processes of their own. */
import { execFile } from 'node:child_process';
import t from 'tap';
import { until } from '../relay/relaying.ts';
import { withoutBroker } from '../relay/topic.ts';
import { brokers, post, recordSeed, testService } from '../service.ts';

const skip = withoutBroker;

type Ended = { status: number; stdout: string; stderr: string };

function frontlog(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
  const env = { ...process.env, LOG_LEVEL: 'silent', ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], { env }, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

t.test('how a primary and its read site are', { skip }, async (t) => {
  const primary = await testService(t, { kafka: brokers });
  const head = await recordSeed(primary.url);
  const site = await testService(t, { kafka: brokers, readSiteOf: primary });
  const settings = { KAFKA_BROKERS: brokers, KAFKA_PREFIX: primary.prefix };
  const environment = { ...settings, DATABASE_URL: primary.databaseUrl };
  let found: Ended | undefined;
  await until(
    async () => {
      found = await frontlog(environment, 'status', '--json');
      const { relay, war_status, projections } = JSON.parse(found.stdout);
      return [relay, war_status, ...projections].every((one) => one?.position >= head);
    },
    () => found,
  );
  t.match(found, { status: 0 });
  t.match(JSON.parse(`${found?.stdout}`), {
    ...{ site: 'primary', head, mirror: null, topics: { faults: [] } },
    relay: { position: head, lag_events: 0 },
  });
  const { stdout: text } = await frontlog(environment, 'status');
  t.match(text, new RegExp(`^primary of log .*, ${head} events\nrelay: .* at the end\n`));

  const atSite = { ...settings, DATABASE_URL: site.databaseUrl, PROJECTION_FEED: 'kafka' };
  const roles = { ROLES: 'api,projector' };
  await until(
    async () => {
      found = await frontlog({ ...atSite, ...roles }, 'status', '--json');
      return JSON.parse(found.stdout).head === head;
    },
    () => found,
  );
  t.match(JSON.parse(`${found?.stdout}`), {
    site: 'mirror',
    relay: null,
    mirror: { dead_letters: 0 },
  });
  t.match(await frontlog({ ...atSite, ...roles }, 'dlq', 'list'), { status: 0, stdout: /none/ });
  t.match(await frontlog({ ...atSite, ...roles }, 'dlq', 'drop', '7'), {
    status: 2,
    stderr: /no letter 7/,
  });

  await post(`${primary.url}/v1/ops/projections/timeline/pause`, '{}');
  t.match(await frontlog(environment, 'status'), {
    status: 1,
    stdout: /timeline is paused: as it was/,
  });
});

t.test('settings that no read site can have', async (t) => {
  t.match(await frontlog({ PROJECTION_FEED: 'kafka' }, 'start'), {
    status: 2,
    stderr: /nothing to relay[\s\S]*needs the brokers/,
  });
});
