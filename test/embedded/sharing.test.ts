import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { findProcesses } from '../../src/embedded/processes.ts';
import { allGone, type Owner, query, startOwner, testDataDir, until } from './owners.ts';

test('processes share the servers, which stop with the last of them', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  // At the same instant, so that both try to start a keeper.
  const [one, two] = [startOwner(t, options), startOwner(t, options)];
  const url = await one.expect('postgres');
  t.equal(await two.expect('postgres'), url, 'one server for both');
  await until('one keeper', async () => (await keepersOf(dataDir)).length === 1);
  await one.stop();
  await query(url, 'create table kept ()');
  t.strictSame(await query(url, 'select count(*) from kept'), ['0'], 'the other one holds it');
  await two.stop();
  t.strictSame(await serversOf(dataDir), [], 'stopped when stop() resolved');
});

test('a second keeper leaves the first one in charge', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const first = startOwner(t, options);
  const url = await first.expect('postgres');
  const keeper = fileURLToPath(new URL('../../src/embedded/keeper.ts', import.meta.url));
  const { status } = spawnSync(process.execPath, [keeper, dataDir]);
  t.equal(status, 0, 'it ends, and that is no error');
  const second = startOwner(t, options);
  t.equal(await second.expect('postgres'), url);
  await Promise.all([first.stop(), second.stop()]);
});

test('who comes while the servers stop waits and gets new ones', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const owner = startOwner(t, options);
  await query(await owner.expect('postgres'), 'create table kept ()');
  const [server = 0] = await serversOf(dataDir);
  process.kill(server, 'SIGSTOP');
  const stopped = owner.stop();
  const newcomer = startOwner(t, options);
  await sleep(800);
  t.notOk(newcomer.reports.length, 'not while the old one has not stopped');
  process.kill(server, 'SIGCONT');
  await stopped;
  const url = await newcomer.expect('postgres');
  t.strictSame(await query(url, 'select count(*) from kept'), ['0']);
  await newcomer.stop();
});

test('kill -9 of the last owner leaves nothing running', async (t) => {
  const dataDir = await testDataDir(t);
  const owner = startOwner(t, { dataDir, postgres: true, kafka: false });
  const url = await owner.expect('postgres');
  t.ok((await findProcesses(dataDir)).length >= 3, 'owner, keeper, server');
  owner.process.kill('SIGKILL');
  await allGone(dataDir);
  await t.rejects(query(url, 'select 1'), { code: 'ECONNREFUSED' });
});

test('kill -9 of an owner in the middle of a first start leaves a directory that works', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  for (const delayMs of [100, 400, 800]) {
    const owner = startOwner(t, options);
    await sleep(delayMs);
    owner.process.kill('SIGKILL');
    await allGone(dataDir);
  }
  const owner = startOwner(t, options);
  t.strictSame(await query(await owner.expect('postgres'), 'select 1'), [1]);
  await owner.stop();
});

test('a killed keeper is told of, and what it left is ended by the next start', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const owner = startOwner(t, options);
  const url = await owner.expect('postgres');
  await query(url, 'create table kept ()');
  const [keeper = 0] = await keepersOf(dataDir);
  const orphans = await serversOf(dataDir);
  process.kill(keeper, 'SIGKILL');
  t.equal(await owner.expect('exited'), 'postgres');
  t.match(await owner.expect('detail'), /keeper\.log/);
  t.strictSame(await serversOf(dataDir), orphans, 'it is still there');

  const next = startOwner(t, options);
  const newUrl = await next.expect('postgres');
  t.not(newUrl, url);
  t.strictSame(await query(newUrl, 'select count(*) from kept'), ['0']);
  await t.rejects(query(url, 'select 1'), { code: 'ECONNREFUSED' });
  t.notMatch(await serversOf(dataDir), orphans);
  await next.stop();
});

// Seen to fail with it started for those alone who asked anew, and at another port.
test('a server that ends by itself is told of, and started again where it was', async (t) => {
  const dataDir = await testDataDir(t);
  const options = { dataDir, postgres: true, kafka: false };
  const owner = startOwner(t, options);
  const url = await owner.expect('postgres');
  await query(url, 'create table kept ()');
  // Its process is the last to notice, and the next server may not start before it has.
  const busy = query(url, 'do $$ begin for i in 1..200000000 loop end loop; end $$');
  busy.catch(() => undefined);
  await sleep(200);
  await killServer(dataDir);
  t.equal(await owner.expect('exited'), 'postgres');
  t.match(await owner.expect('detail'), /SIGKILL.*postgres\.log[\s\S]*it is started again/);
  await answers(url);
  t.strictSame(await query(url, 'select count(*) from kept'), ['0']);
  const log = await readFile(join(dataDir, 'postgres.log'), 'utf8');
  t.match(log, /pre-existing shared memory block/, 'it had to wait');
  const asksAnew = startOwner(t, options);
  t.equal(await asksAnew.expect('postgres'), url);
  await Promise.all([owner.stop(), asksAnew.stop()]);
});

// Seen to fail with no end to it.
test('a server that ends again and again is left alone, and that is told', async (t) => {
  const dataDir = await testDataDir(t);
  const owner = startOwner(t, { dataDir, postgres: true, kafka: false });
  const url = await owner.expect('postgres');
  const ends = () => owner.reports.flatMap(({ detail }) => detail ?? []);
  for (let count = 1; count <= 4; count += 1) {
    await answers(url);
    await until('a ready server', () => readies(owner) >= count);
    await killServer(dataDir);
    await until('its end', () => ends().length >= count);
  }
  t.match(ends(), [/started again$/, /started again$/, /started again$/, /not started again$/]);
  await sleep(1_000);
  t.strictSame(await serversOf(dataDir), []);
  await owner.stop();
});

const readies = ({ reports }: Owner) =>
  reports.filter(({ progress }) => progress?.startsWith('PostgreSQL ready') === true).length;

async function killServer(dataDir: string): Promise<void> {
  const [server = 0] = await serversOf(dataDir);
  process.kill(server, 'SIGKILL');
}

async function answers(url: string): Promise<void> {
  await until('an answer', () =>
    query(url, 'select 1').then(
      () => true,
      () => false,
    ),
  );
}

test('signals to the keeper or to the whole terminal do not reach the servers', async (t) => {
  const dataDir = await testDataDir(t);
  const owner = startOwner(t, { dataDir, postgres: true, kafka: false }, { detached: true });
  const url = await owner.expect('postgres');
  const [keeper = 0] = await keepersOf(dataDir);
  process.kill(keeper, 'SIGTERM');
  process.kill(-(owner.process.pid ?? 0), 'SIGSTOP');
  await sleep(200);
  t.strictSame(await query(url, 'select 1'), [1]);
  process.kill(-(owner.process.pid ?? 0), 'SIGKILL');
  await allGone(dataDir);
});

function keepersOf(dataDir: string): Promise<number[]> {
  return findProcesses(`keeper.ts ${dataDir} `);
}

function serversOf(dataDir: string): Promise<number[]> {
  return findProcesses(`postgres -D ${dataDir}/postgres `);
}
