/**
 * `frontlog export`: events of a range of positions as CloudEvents, one a line. Recorded into an
 * empty log by `import cloudevents` they have the same ids, streams and versions, so that the views
 * are the same.
 */
import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readConfig } from '../config.ts';
import { readLogId } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { openLog } from '../log.ts';
import { toCloudEvent } from '../relay/message.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';

const pageEvents = 1_000;
const pageBytes = 8 * 1024 * 1024;

type Options = { from: string; to?: string; out?: string; json?: boolean };
type Range = { readonly from: number; readonly to: number };

/** Says on stderr, or as JSON on stdout where the events go to a file, what was written. */
export async function runExport({ from, to, out, json }: Options): Promise<void> {
  const first = positionOf('--from', from);
  const last = to === undefined ? undefined : positionOf('--to', to);
  if (json && out === undefined) throw new UsageError('--json: the events are JSON; needs --out');
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  try {
    const logId = await readLogId(log.db);
    // What is appended meanwhile is of a later export.
    const head = await log.store.head();
    const range = { from: first, to: Math.min(last ?? head, head) };
    const output: Writable = out === undefined ? process.stdout : createWriteStream(out);
    await pipeline(Readable.from(lines(log.store, logId, range)), output, {
      end: out !== undefined,
    });
    const events = Math.max(0, range.to - range.from + 1);
    const said = { events, ...range, head, file: out ?? null };
    if (json) process.stdout.write(`${JSON.stringify(said)}\n`);
    else process.stderr.write(`${events} events, positions ${range.from} to ${range.to}\n`);
  } finally {
    await log.close();
  }
}

/** The lines of a range, in pages of the log. */
async function* lines(
  store: EventStore,
  logId: string,
  { from, to }: Range,
): AsyncGenerator<string> {
  for (let after = from - 1; after < to; ) {
    const page = await store.readLog(after, Math.min(pageEvents, to - after), pageBytes);
    yield page.map((event) => `${JSON.stringify(toCloudEvent(event, logId))}\n`).join('');
    after = page.at(-1)?.position ?? to;
  }
}

function positionOf(option: string, text: string): number {
  const position = Number(text);
  if (Number.isSafeInteger(position) && position >= 1) return position;
  throw new UsageError(`${option}: a position, from 1`);
}
