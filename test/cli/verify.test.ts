/** `frontlog verify` as a command. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import t from 'tap';
import { openDb, openPool, readLogId } from '../../src/db.ts';
import { type Signer, signerOf, verifierKey } from '../../src/log-tree/note.ts';
import { sealNext } from '../../src/log-tree/seal.ts';
import { brokers, recordSeed, testService } from '../service.ts';
import { run as frontlog } from './command.ts';

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

// Without the note, as is asked here too, a tree that was made anew over other events is whole.
t.test('a head that was published tells of a tree that was made anew', async (t) => {
  const directory = t.testdir();
  const { url, databaseUrl } = await testService(t, { environment: { ROLES: 'api' } });
  await recordSeed(url);
  const db = openDb(openPool(databaseUrl, () => {}));
  t.teardown(() => db.destroy());
  const logId = await readLogId(db);
  const [own, other] = [
    await signerOf(join(directory, 'own.pem'), logId),
    await signerOf(join(directory, 'other.pem'), logId),
  ];
  const sealAnew = async (signer: Signer) => {
    await sql`truncate log_head, log_tiles`.execute(db);
    while ((await sealNext(db, signer)) > 0);
    return (await db.selectFrom('log_head').select('note').executeTakeFirstOrThrow()).note;
  };
  const [head, key] = [join(directory, 'head'), join(directory, 'key')];
  await writeFile(head, await sealAnew(own));
  await writeFile(key, `${verifierKey(logId, own.publicKey)}\n`);
  const absent = join(directory, 'absent.pem');
  const settings = { KAFKA_BROKERS: 'none', SIGNING_KEY_FILE: absent };
  const verify = (...words: string[]) => frontlog(databaseUrl, settings, 'verify', ...words);
  t.match(await verify('--head', head, '--key', key), { code: 0 });

  await sql`alter table events disable trigger all`.execute(db);
  await sql`update events set metadata = replace(metadata::text, 'anonymous', 'anonymouz')::json
    where position = 9`.execute(db);
  await sealAnew(own);
  t.match(await verify(), { code: 0 }, 'nothing in the database tells');
  const changed = await verify('--head', head, '--key', key);
  t.match(changed, {
    code: 1,
    stdout: /note at position \d+: is of other events than the log has/,
  });

  await sealAnew(other);
  t.match(await verify('--head', head), { code: 1, stdout: /signed by another key/ });
  const pinned = await verify('--head', head, '--key', key);
  t.match(pinned, { code: 1, stdout: /the head of the log by another/ });

  t.match(await verify('--key', key), { code: 2 });
  t.match(await verify('--head', join(directory, 'none')), { code: 2 });
  t.match(await verify('--head', head, '--key', head), { code: 2, stderr: /--key/ });
  t.notOk(existsSync(absent), 'no key was made');
});
