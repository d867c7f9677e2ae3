import { spawn } from 'node:child_process';
import { chown, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { query, startOwner, testDataDir } from './owners.ts';

// Another user than root runs all the other tests as such a user, and has no such places.
const asRoot = process.getuid?.() === 0 ? {} : { skip: 'only root can show it' };

test('a row survives a restart, under the promised settings', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const first = startOwner(t, options);
  const url = await first.expect('postgres');
  await query(url, 'create table kept (what text)');
  await query(url, "insert into kept values ('ї')");
  const settings = `select array[current_setting('fsync'), current_setting('synchronous_commit'),
    current_setting('server_encoding'), current_setting('timezone'),
    current_setting('max_connections'), current_setting('listen_addresses'), datlocale]
    from pg_database where datname = current_database()`;
  t.strictSame(await query(url, settings), [
    ['on', 'on', 'UTF8', 'UTC', '200', '127.0.0.1', 'C.UTF-8'],
  ]);
  await first.stop();

  const second = startOwner(t, options);
  t.strictSame(await query(await second.expect('postgres'), 'select what from kept'), ['ї']);
  t.notMatch(second.reports, [{ progress: /directory made/ }], 'initialised once');
  await second.stop();
});

test('nobody gets in without the password, which only its owner may read', async (t) => {
  const dataDir = await testDataDir(t);
  const owner = startOwner(t, { dataDir, postgres: true, kafka: false });
  const url = new URL(await owner.expect('postgres'));
  url.password = 'guessed';
  await t.rejects(query(url.href, 'select 1'), { code: '28P01' });
  const file = await stat(join(dataDir, 'postgres.password'));
  t.equal(file.mode & 0o777, 0o600);
  await owner.stop();
});

test('a failed start names the log and quotes it', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const first = startOwner(t, options);
  await first.expect('postgres');
  await first.stop();
  const conf = join(dataDir, 'postgres', 'postgresql.conf');
  await writeFile(conf, `${await readFile(conf, 'utf8')}\nno_such_setting = 1\n`);

  const second = startOwner(t, options);
  const failure = await second.expect('failed');
  t.match(failure, join(dataDir, 'postgres.log'));
  t.match(failure, /unrecognized configuration parameter "no_such_setting"/);
  await second.stop();
});

test('a lock file whose pid now belongs to another process is no obstacle', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const first = startOwner(t, options);
  await query(await first.expect('postgres'), 'create table kept ()');
  await first.stop();
  // A process of the same user, as PostgreSQL takes it that it could not be another's.
  const { uid, gid } = await stat(join(dataDir, 'postgres'));
  const other = spawn('sleep', ['60'], { uid, gid });
  t.teardown(() => other.kill());
  await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), `${other.pid}\n`);

  const second = startOwner(t, options);
  t.strictSame(await query(await second.expect('postgres'), 'select count(*) from kept'), ['0']);
  await second.stop();
});

test('a user who is not root needs nothing special', asRoot, async (t) => {
  const { uid, gid } = { uid: 65_534, gid: 65_534 };
  const dataDir = await testDataDir(t);
  await chown(dataDir, uid, gid);
  const owner = startOwner(t, { dataDir, postgres: true, kafka: false }, { uid, gid });
  await query(await owner.expect('postgres'), 'select 1');
  t.equal((await stat(join(dataDir, 'postgres'))).uid, uid);
  await owner.stop();
});

test('root may keep the data where PostgreSQL, not being root, may not look', asRoot, async (t) => {
  const closed = await testDataDir(t, 0o700);
  const dataDir = join(closed, 'data');
  const owner = startOwner(t, { dataDir, postgres: true, kafka: false });
  await query(await owner.expect('postgres'), 'create table kept ()');
  t.not((await stat(join(dataDir, 'postgres'))).uid, 0);
  await owner.stop();
});
