import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { freshDatabase } from '../db.ts';

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
