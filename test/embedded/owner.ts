// A process that holds embedded servers, for tests that end it: `node owner.ts OPTIONS`. Each line
// it prints is a JSON report; it lets go and ends when its standard input says anything.
import { embeddedServers } from '../../src/embedded/servers.ts';
import type { OwnerOptions, Report } from './owners.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as OwnerOptions;

function report(fact: Report): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

const servers = await embeddedServers({
  ...options,
  onProgress: (progress) => report({ progress }),
  onExit: (exited, detail) => report({ exited, detail }),
});
report({ attached: true });
servers.postgres?.then(
  (postgres) => report({ postgres }),
  (error: Error) => report({ failed: error.message }),
);
servers.kafka?.then((kafka) => report({ kafka }));
process.stdin.once('data', async () => {
  await servers.stop();
  await Promise.allSettled([servers.postgres, servers.kafka]);
  report({ stopped: true });
  process.exit(0);
});
