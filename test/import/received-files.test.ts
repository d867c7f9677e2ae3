/** Files that arrive: no more of one is kept than may be, and none after it was told to stop. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { receiveFile } from '../../src/import/received-files.ts';

const unstopped = new AbortController().signal;
const parts = (...texts: string[]) => Readable.from(texts.map((text) => Buffer.from(text)));

t.test('a file is there as it was sent, for its owner alone', async (t) => {
  const path = join(t.testdir(), 'file');
  await receiveFile(parts('abc', 'def'), { path, bytesMax: 6, signal: unstopped });
  t.equal(await readFile(path, 'utf8'), 'abcdef');
  t.equal((await stat(path)).mode & 0o777, 0o600);
  const again = receiveFile(parts('x'), { path, bytesMax: 6, signal: unstopped });
  await t.rejects(again, { code: 'upload-not-kept', message: /EEXIST/ });
});

// Red without the limit; with the part that passes it written first.
t.test('one that is longer than announced ends at the limit, and can be answered', async (t) => {
  const path = join(t.testdir(), 'file');
  const body = parts('abc', 'def', ...Array.from({ length: 50 }, () => 'g'));
  await t.rejects(receiveFile(body, { path, bytesMax: 6, signal: unstopped }), {
    ...{ code: 'too-large', message: /at most 6 bytes/ },
  });
  t.equal((await stat(path)).size, 6);
  t.notOk(body.destroyed);
});

t.test('one that breaks off, or is told to stop, is told apart', async (t) => {
  const dir = t.testdir();
  const [broken, stopped] = [new PassThrough(), new PassThrough()];
  broken.write('abc');
  const first = receiveFile(broken, { path: join(dir, '1'), bytesMax: 6, signal: unstopped });
  broken.destroy();
  await t.rejects(first, { code: 'upload-broken' });
  const stop = new AbortController();
  const asked = { path: join(dir, '2'), bytesMax: 6, signal: stop.signal };
  const second = receiveFile(stopped, asked);
  stopped.write('abc');
  while ((await stat(asked.path).catch(() => ({ size: 0 }))).size < 3) await sleep(10);
  stop.abort();
  await t.rejects(second, { code: 'import-cancelled' });
  const third = receiveFile(parts('x'), { ...asked, path: join(dir, '3') });
  await t.rejects(third, { code: 'import-cancelled' });
});
