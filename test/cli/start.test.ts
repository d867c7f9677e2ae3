import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { freshDatabase, freshStore } from '../db.ts';
import { follow } from '../http/following.ts';
import { post } from '../service.ts';
import { serving } from './serving.ts';

t.test('a service whose output nobody reads any more ends, and holds nothing', async (t) => {
  const { url } = await freshDatabase(t);
  const child = spawn(process.execPath, ['src/main.ts', 'start'], {
    env: {
      ...process.env,
      PORT: '0',
      DATABASE_URL: url,
      KAFKA_BROKERS: 'none',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  child.stdout.destroy();
  child.stderr.destroy();
  const [code, signal] = await once(child, 'exit');
  t.same({ code, signal }, { code: 1, signal: null });
});

const stops = process.env.FAULTS === 'full' ? 20 : 2;
const writers = 16;

// Seen to fail with the process ended at the signal (of twenty times), with the parts closed in the
// order of opening and, by its exit, without `useClosing`. An exit with 0 is in time: what takes
// longer than the deadline ends with 1.
t.test(`SIGTERM under load, ${stops} times: what was acknowledged is stored`, async (t) => {
  const { url: databaseUrl, store } = await freshStore(t);
  const acknowledged = new Map<string, number>();
  for (let stop = 1; stop <= stops; stop += 1) {
    const service = await serving(t, databaseUrl, { RATE_LIMIT_PER_MINUTE: '0' });
    const following = await follow(`${service.url}/v1/events/stream?after=0`);
    // One that asks for nothing is waited for a while: once is enough.
    const silent = stop === 1 ? await connected(service.url) : undefined;
    const enough = acknowledged.size + 200;
    const reached = Promise.withResolvers<void>();
    const load = Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; ; n += 1) {
        const body = { id: `a-${stop}-${writer}-${n}`, name: 'A', kind: 'agency' };
        const answer = await post(`${service.url}/v1/actors`, body).catch(() => undefined);
        // Gone: nothing is said any more, of this or of any other.
        if (answer === undefined) return;
        if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
        acknowledged.set((answer.body.event_ids as [string])[0], answer.body.position as number);
        if (acknowledged.size >= enough) reached.resolve();
      }
    });
    await reached.promise;
    t.match(await service.stop(), { code: 0, stderr: '' });
    await Promise.all(load);
    await following.ended.catch(() => undefined);
    silent?.destroy();
  }
  const stored = new Map<string, number>();
  for (let after = 0; after < (await store.head()); ) {
    const page = await store.readLog(after, 1_000, 8 * 1024 * 1024);
    for (const { id, position } of page) stored.set(id, position);
    after = page.at(-1)?.position as number;
  }
  const lost = [...acknowledged].filter(([id, position]) => stored.get(id) !== position);
  t.strictSame(lost, []);
  t.equal(stored.size, acknowledged.size, 'what was under way was answered');
});

async function connected(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  // It is cut off, which is what is wanted.
  return socket.on('error', () => undefined);
}
