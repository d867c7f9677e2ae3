import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import { conflictId } from '../../src/cli/seed-report.ts';
import type { Page } from '../../src/http/formats.ts';
import type { TimelineItem } from '../../src/projections/timeline-shown.ts';
import { initTopics } from '../../src/relay/client.ts';
import { freshDatabase } from '../db.ts';
import { brokers, get, post, recordSeed } from '../service.ts';
import { faultsOf, figuresOf, readTopic, withoutKafka } from './topic.ts';

const kills = process.env.FAULTS === 'full' ? 20 : 4;
const writers = 8;
const catchUpTimeoutMs = 60_000;

// kill -9 of the whole service under load, again and again: what was acknowledged is in the log, on
// the topic once and in order, and in the views. Seen to fail with the checkpoint in a transaction
// of its own.
t.test(
  'kill -9 loses nothing acknowledged and sends nothing twice',
  { skip: withoutKafka },
  async (t) => {
    const { url: databaseUrl } = await freshDatabase(t);
    const prefix = `t-${randomUUID()}`;
    await initTopics({ brokers: [brokers as string] }, prefix, pino({ level: 'silent' }));
    const environment = {
      PORT: '0',
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: brokers as string,
      KAFKA_PREFIX: prefix,
      LOG_LEVEL: 'fatal',
    };
    let { child, url } = await startProcess(environment);
    await recordSeed(url);
    const acknowledged = new Set<string>();
    for (let kill = 0; kill < kills; kill += 1) {
      const load = Array.from({ length: writers }, () => write(url, acknowledged));
      await sleep(300 + Math.random() * 500);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await Promise.all(load);
      ({ child, url } = await startProcess(environment));
    }
    t.teardown(() => child.kill('SIGKILL'));
    t.ok(acknowledged.size > kills, `${acknowledged.size} acknowledged`);
    const head = await caughtUp(url);
    const messages = await readTopic(prefix);
    t.same(faultsOf(messages, head), []);
    t.comment(`${kills} kills, ${acknowledged.size} acknowledged; ${figuresOf(head, messages)}`);
    const onTopic = new Set(messages.map(({ headers }) => headers.ce_subject));
    const inView = await claimsInTimeline(url);
    for (const id of acknowledged) {
      if (!onTopic.has(`claim-${id}`)) t.fail(`claim ${id} is not on the topic`);
      if (!inView.has(id)) t.fail(`claim ${id} is not in the timeline`);
    }
  },
);

async function startProcess(environment: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, ['src/main.ts', 'start'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  const url = /http:\S+/.exec(String(line))?.[0];
  if (url === undefined) throw new Error(`the service said: ${line}`);
  return { child, url };
}

/** Makes claims until the service is gone. */
async function write(url: string, acknowledged: Set<string>): Promise<void> {
  for (;;) {
    const id = randomUUID();
    const claim = {
      id,
      conflict_id: conflictId,
      attribution: { claimant_id: 'cnn', chain: [] },
      proposition: { kind: 'statement', text: `statement ${id}` },
    };
    try {
      const { status } = await post(`${url}/v1/claims`, claim);
      if (status === 201) acknowledged.add(id);
    } catch {
      // The kill: this claim was not acknowledged, and no other can be.
      return;
    }
  }
}

async function caughtUp(url: string): Promise<number> {
  type Readyz = { head: number; relay: { position: number }; projections: { position: number }[] };
  const deadline = Date.now() + catchUpTimeoutMs;
  for (;;) {
    const { body } = await get<Readyz>(`${url}/readyz`);
    const behind = [body.relay, ...body.projections].some(({ position }) => position < body.head);
    if (!behind) return body.head;
    if (Date.now() > deadline) throw new Error(`behind: ${JSON.stringify(body)}`);
    await sleep(50);
  }
}

async function claimsInTimeline(url: string): Promise<Set<string>> {
  const ids = new Set<string>();
  let path: string | undefined = '/v1/timeline?limit=1000&type=ClaimMade&sort=position';
  while (path !== undefined) {
    const { body, headers }: { body: Page<TimelineItem>; headers: Headers } = await get<
      Page<TimelineItem>
    >(url + path);
    for (const { claim } of body.items) if (claim) ids.add(claim.id);
    path = headers.get('link')?.match(/^<(.*)>/)?.[1];
  }
  return ids;
}
