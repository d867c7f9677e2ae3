/**
 * `frontlog import cloudevents` as it is run: a file of claims into an empty log, and the same file
 * again, when all of it is known. Events a second; CPU of the command's process per event; and its
 * memory, of which the most must not depend on how many events there are.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventLines } from '../test/import/events.ts';
import { processCpuUs, round, table } from './measure.ts';
import type { Bench } from './run.ts';

const lookIntervalMs = 50;

export const benchImport: Bench = async (fresh, short) => {
  const counts = short ? [10_000, 20_000] : [100_000, 400_000];
  const folder = await mkdtemp(join(tmpdir(), 'frontlog-import-'));
  const rows = [];
  for (const count of counts) {
    const file = join(folder, String(count));
    await pipeline(Readable.from(eventLines(count)), createWriteStream(file));
    const url = await fresh(`import_${count}`);
    rows.push({ '': 'into an empty log', ...(await measure(url, file, count)) });
    rows.push({ '': 'the same again', ...(await measure(url, file, count)) });
  }
  await rm(folder, { recursive: true });
  return { text: table(rows), json: rows };
};

async function measure(url: string, file: string, events: number) {
  const child = spawn(process.execPath, ['src/main.ts', 'import', 'cloudevents', file, '--json'], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const ended = once(child, 'close').then(() => true);
  let [mostKb, cpuUs] = [0, 0];
  while (!(await Promise.race([ended, sleep(lookIntervalMs, false)]))) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    mostKb = Math.max(mostKb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    cpuUs = Math.max(cpuUs, await processCpuUs(child.pid as number).catch(() => 0));
  }
  const { rows, seconds } = JSON.parse(text);
  const { recorded, known, rejected } = rows;
  return {
    ...{ events, recorded, known, rejected, per_s: Math.round(events / seconds) },
    ...{ cpu_us: round(cpuUs / events, 1), rss_mb_most: Math.round(mostKb / 1_000) },
  };
}
