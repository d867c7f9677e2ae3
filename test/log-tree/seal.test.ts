/** The tree that is kept beside the log, and the proofs that clients get from it. */
import { join } from 'node:path';
import t from 'tap';
import { readLogId } from '../../src/db.ts';
import { entryOf, leafHash } from '../../src/log-tree/entry.ts';
import { openNote, signerOf } from '../../src/log-tree/note.ts';
import { headOf, readRaw, sealNext } from '../../src/log-tree/seal.ts';
import { grow, nodeReader, type OpenTiles, TreeIncomplete } from '../../src/log-tree/tiles.ts';
import { isConsistent, isIncluded, nodeHash, rootOf } from '../../src/log-tree/tree.ts';
import { freshStore } from '../db.ts';
import { append, events } from '../eventstore/events.ts';
import { get, recordSeed, testService } from '../service.ts';

t.test('tiles hold the tree over three levels, however it grows', async (t) => {
  const count = 256 * 256 + 256 + 3;
  const leaves = Array.from({ length: count }, (_, i) => leafHash(Buffer.from(String(i))));
  const tiles = new Map<string, Buffer[]>();
  let open: OpenTiles = [];
  for (let at = 0, step = 1; at < count; at += step, step = (step * 7) % 5_003) {
    const grown = grow(open, leaves.slice(at, at + step));
    open = grown.open;
    for (const { level, index, hashes } of grown.changed) tiles.set(`${level} ${index}`, hashes);
  }
  const read = nodeReader(undefined as never, [
    ...[...tiles].map(([key, hashes]) => {
      const [level, index] = key.split(' ').map(Number) as [number, number];
      return { level, index, hashes };
    }),
  ]);
  for (const size of [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, count]) {
    t.strictSame(await rootOf(size, read), merkleTreeHash(leaves.slice(0, size)), `${size}`);
  }
});

t.test('the head is sealed over all events by whoever comes first', async (t) => {
  const { db, store } = await freshStore(t);
  const logId = await readLogId(db);
  const signer = await signerOf(join(t.testdir(), 'key.pem'), logId);
  t.equal(await sealNext(db, signer), 0);
  t.strictSame(openNote((await head(db)).note, logId, signer.publicKey), {
    size: 0,
    root: await rootOf(0, nodeReader(db)),
  });
  let appended = 0;
  for (const count of [1, 300, 2, 256]) {
    for (let i = 0; i < count; i += 1) {
      await store.append(append(`s-${appended}`, events(1)));
      appended += 1;
    }
    await Promise.all([1, 2, 3].map(() => sealNext(db, signer)));
    while ((await sealNext(db, signer)) > 0);
    const { size, root_hash, note } = await head(db);
    t.equal(size, appended);
    t.strictSame(openNote(note, logId, signer.publicKey), { size, root: root_hash });
    const leaves = (await readRaw(db, 0, appended, 1e9)).map((raw) => leafHash(entryOf(raw)));
    t.strictSame(root_hash, merkleTreeHash(leaves));
  }
  for (const size of [1, 100, 256, 301, 303]) {
    const leaves = (await readRaw(db, 0, size, 1e9)).map((raw) => leafHash(entryOf(raw)));
    t.strictSame((await headOf(db, size)).root, merkleTreeHash(leaves), `an earlier head, ${size}`);
  }
  await t.rejects(headOf(db, appended + 1), new TreeIncomplete(0, Math.floor(appended / 256)));
});

t.test('no two events have the same entry', async (t) => {
  const event = {
    ...{ position: 1, id: 'i', stream: 's', version: 1, type: 't', schema_version: 1 },
    ...{ recorded_at: '2022-09-12T12:39:00Z', data: '{}', metadata: '{"a":1}' },
  };
  const others = [
    { ...event, position: 11, id: '' },
    { ...event, stream: 's1', version: 1 },
    { ...event, data: '{} ', metadata: '{"a":1}' },
    { ...event, data: '', metadata: '{}{"a":1}' },
    { ...event, data: '{"é":1}' },
  ];
  const entries = [event, ...others].map((one) => entryOf(one).toString('hex'));
  t.equal(new Set(entries).size, entries.length);
});

t.test('a client proves that an event and an earlier head are in the log', async (t) => {
  const directory = t.testdir();
  const environment = { SIGNING_KEY_FILE: join(directory, 'key.pem') };
  const { url } = await testService(t, { environment });
  await recordSeed(url);
  const early = await sealedHead(url, 1);
  const log = await get<{ items: { id: string; position: number; data: object }[] }>(
    `${url}/v1/events?limit=1000`,
  );
  const { items } = log.body;
  const late = await sealedHead(url, items.length);
  t.equal(late.size, items.length);
  for (const { id, position, data } of items) {
    const { body } = await get<Inclusion>(`${url}/v1/events/${id}/proof`);
    const entry = Buffer.from(body.entry, 'base64');
    t.ok(entry.includes(JSON.stringify(data)), 'the entry holds the event');
    const said = { index: position - 1, size: body.size, root: bytes(body.root_hash) };
    t.ok(isIncluded({ ...said, leaf: leafHash(entry) }, body.path.map(bytes)), `${position}`);
    t.equal(body.leaf_hash, leafHash(entry).toString('base64'));
  }
  const proof = `${url}/v1/log/proof?from=${early.size}&to=${late.size}`;
  const { body } = await get<{ path: string[]; to_root_hash: string }>(proof);
  const [before, after] = [early, late].map(({ size, root_hash }) => ({
    size,
    root: bytes(root_hash),
  })) as [Head, Head];
  t.ok(isConsistent(before, after, body.path.map(bytes)));
  t.equal(body.to_root_hash, late.root_hash);

  const unknown = '0195b4c2-0000-7000-8000-000000000001';
  t.equal((await get(`${url}/v1/events/${unknown}/proof`)).status, 404);
  const [first] = items;
  for (const path of [
    `/v1/log/proof?from=0&to=${late.size + 1}`,
    '/v1/log/proof?from=2&to=1',
    '/v1/log/proof',
    `/v1/events/${first?.id}/proof?size=${late.size + 1}`,
    `/v1/events/${items.at(-1)?.id}/proof?size=1`,
  ]) {
    t.equal((await get(url + path)).status, 400, path);
  }
});

type Head = { size: number; root: Buffer };
type Inclusion = {
  size: number;
  entry: string;
  leaf_hash: string;
  root_hash: string;
  path: string[];
};

// Sealing follows within a second or so.
async function sealedHead(url: string, sizeMin: number) {
  for (;;) {
    const { status, body } = await get<{ size: number; root_hash: string }>(`${url}/v1/log/head`);
    if (status === 200 && body.size >= sizeMin) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function head(db: Parameters<typeof sealNext>[0]) {
  return db.selectFrom('log_head').selectAll().executeTakeFirstOrThrow();
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

function merkleTreeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 1) return hashes[0] as Buffer;
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return nodeHash(merkleTreeHash(hashes.slice(0, k)), merkleTreeHash(hashes.slice(k)));
}
