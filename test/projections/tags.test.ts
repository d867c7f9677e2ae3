/** Tags: texts as numbers, and as they are stored. */
import { sql } from 'kysely';
import t from 'tap';
import { startRebuild } from '../../src/projections/generations.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { forever } from '../../src/projections/rows.ts';
import { saveRows } from '../../src/projections/statements.ts';
import { tagger } from '../../src/projections/tags.ts';
import { freshStore } from '../db.ts';

t.test('a tag is a safe integer that its kind and its text alone decide', async (t) => {
  const actorTag = tagger('actor');
  const tags = ['', 'a', 'Київ', '👩‍👧', 'x'.repeat(100_000)].map((text) => actorTag(text));
  t.ok(tags.every((tag) => Number.isSafeInteger(tag) && tag >= 0));
  t.equal(new Set(tags).size, tags.length);
  t.equal(tagger('actor')('a'), actorTag('a'));
  t.equal(actorTag('actor-a', 'actor-'.length), actorTag('a'));
  t.equal(actorTag('the actor', 4, 5), actorTag('a'));
  t.not(tagger('place')('a'), actorTag('a'));
});

t.test(
  'what is stored stays good: the numbers are those of this version of the tables',
  async (t) => {
    t.equal(tagger('word')('kyiv'), 1_251_576_442_644_197);
    t.equal(tagger('actor')('state:ua'), 3_198_658_518_490_594);
  },
);

t.test('texts that are much alike have numbers of their own, each bit in use', async (t) => {
  const kinds = ['actor', 'place', 'word', 'report'].map(tagger);
  const count = 400_000;
  const seen = new Set<number>();
  const ones = new Array<number>(53).fill(0);
  for (let i = 0; i < count; i += 1) {
    const tag = kinds[i % 4]?.(`geonames:${i >> 2}`) as number;
    seen.add(tag);
    for (const [bit] of ones.entries()) {
      if (Math.floor(tag / 2 ** bit) % 2 === 1) ones[bit] = (ones[bit] as number) + 1;
    }
  }
  t.equal(seen.size, count);
  // Six standard deviations of as many throws of a coin.
  const farthest = Math.max(...ones.map((one) => Math.abs(one - count / 2)));
  t.ok(farthest < 3 * Math.sqrt(count), `${farthest} from half`);
});

t.test('rows are stored with their own tags, or with none', async (t) => {
  const { db, pool } = await freshStore(t);
  const tagged: Projection = {
    name: 'tagged',
    version: 1,
    types: [],
    tables: { kept: { columns: { name: 'text', tags: 'tags' }, indexes: [] } },
    project: () => undefined,
  };
  await startRebuild(db, tagged, null);
  const all = [[Number.MAX_SAFE_INTEGER, 0], [], [7], [], [2 ** 32, 2 ** 31, -(2 ** 32) - 1]];
  const made = all.map((tags, i) => {
    return { key: `k${i}`, since: i + 1, until: forever, row: { name: `n${i}`, tags, body: {} } };
  });
  const stored = 'tagged_v1_g1_kept';
  const [save] = saveRows(stored, tagged.tables.kept as never, { made, ended: [], unseen: [] });
  await pool.query(save?.text as string, [...(save?.values ?? [])]);
  const { rows } = await sql<{ name: string; tags: number[] }>`
    select name, tags from ${sql.table(stored)} order by since`.execute(db);
  const expected = all.map((tags, i) => ({ name: `n${i}`, tags }));
  t.strictSame(
    rows.map((row) => ({ ...row })),
    expected,
  );
});
