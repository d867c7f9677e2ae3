/** What a large log costs: appends and reads at 100 thousand, 1 million and 10 million events. */
import pg from 'pg';
import { connectionOptions } from '../src/db.ts';
import { closedLoop, inTurn, round, table } from './measure.ts';
import { data, metadata } from './payload.ts';
import type { Bench } from './run.ts';
import { frontlog } from './stores.ts';

const callers = 64;
const chunkRows = 500_000;
const readPageSize = 1_000;
const pagesRead = 20;

export const benchGrowth: Bench = async (fresh, short) => {
  const sizes = short ? [1_000, 10_000, 100_000] : [100_000, 1_000_000, 10_000_000];
  const rounds = short ? 3 : 9;
  const ms = short ? 300 : 2_000;
  const logs: { size: number; log: Awaited<ReturnType<typeof frontlog>> }[] = [];
  for (const size of sizes) {
    const url = await fresh(`of_${size}`);
    const log = await frontlog(url);
    const started = performance.now();
    await fill(url, size);
    const seconds = (performance.now() - started) / 1_000;
    process.stderr.write(`# ${size} events filled in ${seconds.toFixed(0)} s\n`);
    await closedLoop(log.append, { callers, ms: ms / 2 });
    logs.push({ size, log });
  }
  const measure = (run: (log: (typeof logs)[0]['log'], size: number) => Promise<number>) =>
    inTurn(
      rounds,
      Object.fromEntries(logs.map(({ size, log }) => [String(size), () => run(log, size)])),
    );
  const appends = await measure(async ({ append }) => {
    return (await closedLoop(append, { callers, ms })).per_s;
  });
  const lone = await measure(async ({ append }) => {
    return (await closedLoop(append, { callers: 1, ms: ms / 2 })).per_s;
  });
  const pages = await measure(async ({ store }, size) => {
    const page = async () => {
      const after = Math.floor(Math.random() * (size - readPageSize));
      await store.readLog(after, readPageSize, 64e6);
    };
    const started = performance.now();
    for (let i = 0; i < pagesRead; i += 1) await page();
    return (pagesRead * readPageSize * 1_000) / (performance.now() - started);
  });
  for (const { log } of logs) await log.close();
  const least = String(sizes[0]);
  const rows = sizes.map(String).map((size) => ({
    events: size,
    'appends/s, 64 callers': appends[size],
    'of the smallest': round((appends[size] as number) / (appends[least] as number), 2),
    'appends/s, 1 caller': lone[size],
    'events read/s, pages anywhere': Math.round(pages[size] as number),
  }));
  return { text: table(rows), json: rows };
};

// Straight into the table, as the append function would have left it: dense positions, ids and
// streams in the order of time.
async function fill(url: string, size: number): Promise<void> {
  const client = new pg.Client(connectionOptions(url));
  await client.connect();
  for (let from = 1; from <= size; from += chunkRows) {
    await client.query(
      `insert into events
       select position, id, 'claim-' || id, 1, 'ClaimMade', 1, clock_timestamp(), $3::json, $4::json,
         position * octet_length($3::text || $4::text)
       from (select position, uuidv7() as id from generate_series($1::bigint, $2::bigint) position)`,
      [from, Math.min(from + chunkRows - 1, size), JSON.stringify(data), JSON.stringify(metadata)],
    );
  }
  await client.query('vacuum analyze events');
  await client.query('checkpoint');
  await client.end();
}
