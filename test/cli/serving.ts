/** `frontlog start` as a process of its own, once it serves. */
import { once } from 'node:events';
import type { Test } from '../db.ts';
import { type Ended, start } from './command.ts';

export type Serving = {
  readonly url: string;
  /** Asks it to stop; what it ended with. */
  stop(): Promise<Ended>;
};

/** Killed after the test at the latest. `settings` are those beside the database's. */
export async function serving(
  t: Test,
  databaseUrl: string,
  settings: NodeJS.ProcessEnv = {},
): Promise<Serving> {
  const environment = { PORT: '0', KAFKA_BROKERS: 'none', ...settings };
  const { process: child, ended } = start(databaseUrl, environment, 'start');
  t.teardown(async () => void child.kill('SIGKILL'));
  let text = '';
  for (let url: string | undefined; ; ) {
    const [chunk] = (await Promise.race([
      once(child.stdout as NonNullable<typeof child.stdout>, 'data'),
      ended.then(({ code, stderr }) => {
        throw new Error(`it ended with ${code}: ${stderr}`);
      }),
    ])) as [Buffer];
    text += chunk;
    url = /listening on (\S+)\n/.exec(text)?.[1];
    if (url === undefined) continue;
    return {
      url,
      async stop() {
        child.kill('SIGTERM');
        return ended;
      },
    };
  }
}
