/** `frontlog verify` as a command. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool } from '../../src/db.ts';
import { brokers, recordSeed, testService } from '../service.ts';

const run = promisify(execFile);
const main = new URL('../../src/main.ts', import.meta.url).pathname;

t.test('says that all is as it was recorded, or what is not, and ends so', async (t) => {
  const service = await testService(t, { kafka: brokers });
  const { url, databaseUrl, prefix } = service;
  const position = await recordSeed(url);
  // Until all follow.
  for (const wanted of ['log/head', 'ops/projections']) {
    while (!(await (await fetch(`${url}/v1/${wanted}`)).text()).includes(String(position)));
  }
  while (brokers !== undefined && service.service.relay.position < position) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const environment = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: brokers ?? 'none',
    KAFKA_PREFIX: prefix,
    SIGNING_KEY_FILE: `${t.testdir()}/key.pem`,
  };
  const verify = (...options: string[]) =>
    run(process.execPath, [main, 'verify', ...options], { env: environment }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }) => ({ code, stdout }),
    );
  const good = await verify('--json');
  t.equal(good.code, 0);
  const said = JSON.parse(good.stdout);
  t.match(said, { events: position, findings: [] });
  t.equal(said.messages, brokers === undefined ? null : position);

  const db = openDb(openPool(databaseUrl, () => {}));
  t.teardown(() => db.destroy());
  await sql`alter table events disable trigger all`.execute(db);
  await sql`update events set metadata = replace(metadata::text, 'anonymous', 'anonymouz')::json
    where position = 9`.execute(db);
  const bad = await verify();
  t.equal(bad.code, 1);
  t.match(bad.stdout, /not as they were recorded\nhashes at position 9: /);
});
