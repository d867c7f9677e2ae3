/** Signed heads: who signed what, and nothing else. */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openNote, signerOf, verifierKey } from '../../src/log-tree/note.ts';

const logId = '0195b4c2-0000-7000-8000-000000000001';
const head = { size: 20_852_163, root: Buffer.alloc(32, 7) };

t.test('a note is opened with the key that signed it, for its log', async (t) => {
  const path = join(t.testdir(), 'keys', 'signing-key.pem');
  const signer = await signerOf(path, logId);
  const note = signer.sign(head);
  const [origin, size, root, empty, line] = note.split('\n');
  t.strictSame(
    [origin, size, root, empty],
    [`frontlog/${logId}`, '20852163', head.root.toString('base64'), ''],
  );
  t.match(line, /^— frontlog\/\S+ [A-Za-z0-9+/]{91}=$/);
  t.strictSame(openNote(note, logId, signer.publicKey), head);

  const other = await signerOf(join(t.testdir(), 'other.pem'), logId);
  t.equal(openNote(note, logId, other.publicKey), undefined, 'another key');
  const log = '0195b4c2-0000-7000-8000-000000000002';
  t.equal(openNote(note, log, signer.publicKey), undefined, 'another log');
  for (const changed of [
    note.replace('20852163', '20852164'),
    note.replace(root as string, Buffer.alloc(32, 8).toString('base64')),
    note.replace('20852163', '20852163 '),
    note.slice(0, note.lastIndexOf('—')),
    `x${note}`,
  ]) {
    t.equal(openNote(changed, logId, signer.publicKey), undefined, JSON.stringify(changed));
  }
});

t.test('the key stays, for its owner alone', async (t) => {
  const path = join(t.testdir(), 'signing-key.pem');
  const [one, two] = await Promise.all([signerOf(path, logId), signerOf(path, logId)]);
  t.strictSame(one.publicKey, two.publicKey, 'made once by two at once');
  t.equal((await stat(path)).mode & 0o777, 0o600);
  await writeFile(path, '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n');
  await t.rejects(signerOf(path, logId), 'what is no key is not replaced');
});

t.test('the key of a verifier names the log, the key and its kind', async (t) => {
  const { publicKey } = await signerOf(join(t.testdir(), 'key.pem'), logId);
  const [, name, id, key = ''] =
    /^([^+]+)\+([^+]+)\+(.*)$/.exec(verifierKey(logId, publicKey)) ?? [];
  t.equal(name, `frontlog/${logId}`);
  t.match(id, /^[0-9a-f]{8}$/);
  t.strictSame(Buffer.from(key, 'base64'), Buffer.concat([Buffer.of(1), publicKey]));
});
