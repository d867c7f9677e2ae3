/**
 * `frontlog export [events|timeline|claims]`: what is of a range of positions. Events are
 * CloudEvents, one a line: recorded into an empty log by `import cloudevents` they have the same
 * ids, streams and versions, so that the views are the same.
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
import { exportView, type Part, type Range, type ViewAsked, viewAskedOf } from './export-views.ts';
import { makeLogger } from './logger.ts';
import { openOutput } from './output-file.ts';
import { openProgress } from './progress.ts';

const pageEvents = 1_000;
const pageBytes = 8 * 1024 * 1024;

export type ExportOptions = {
  from: string;
  to?: string;
  at?: string;
  conflict?: string;
  format: string;
  out?: string;
  json?: boolean;
};

/** Says on stderr, or as JSON on stdout where it is written to a file, what was written. */
export async function runExport(what: string, options: ExportOptions): Promise<void> {
  const { out, json } = options;
  const view = viewOf(what, options);
  const first = positionOf('--from', options.from);
  const last = options.to === undefined ? undefined : positionOf('--to', options.to);
  if (json && out === undefined) throw new UsageError('--json: stdout has the export; needs --out');
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  const progress = openProgress('export', what);
  try {
    // What is appended meanwhile is of a later export.
    const head = await log.store.head();
    const range = { from: first, to: Math.min(last ?? head, head) };
    const { as_of, parts } =
      view === undefined
        ? { as_of: undefined, parts: exportEvents(log.store, await readLogId(log.db), range) }
        : await exportView(log.db, view, range, head);
    let count = 0;
    async function* texts() {
      for await (const part of parts) {
        yield part.text;
        count += part.count;
        progress.say({ done: count });
      }
    }
    const fd = out === undefined ? undefined : openOutput('--out', out);
    const output: Writable = fd === undefined ? process.stdout : createWriteStream('', { fd });
    await pipeline(Readable.from(texts()), output, { end: out !== undefined });
    progress.end();
    const said = { [what]: count, ...range, ...(as_of && { as_of }), head, file: out ?? null };
    if (json) process.stdout.write(`${JSON.stringify(said)}\n`);
    else {
      const past = as_of === undefined ? '' : `, as of position ${as_of.position}`;
      process.stderr.write(`${count} ${what}, positions ${range.from} to ${range.to}${past}\n`);
    }
  } finally {
    progress.end();
    await log.close();
  }
}

/** The view that is asked for; undefined for the events themselves. */
function viewOf(what: string, options: ExportOptions): ViewAsked | undefined {
  const { at, conflict, format } = options;
  if (what === 'events') {
    const other = format !== 'ndjson' ? '--format' : at ? '--at' : conflict && '--conflict';
    if (!other) return undefined;
    throw new UsageError(`${other}: events are CloudEvents, all of them: export the timeline`);
  }
  const position = at === undefined ? undefined : positionOf('--at', at);
  return viewAskedOf(what, { format, conflict, at: position });
}

/** The lines of a range, in pages of the log. */
async function* exportEvents(
  store: EventStore,
  logId: string,
  { from, to }: Range,
): AsyncGenerator<Part> {
  for (let after = from - 1; after < to; ) {
    const page = await store.readLog(after, Math.min(pageEvents, to - after), pageBytes);
    const lines = page.map((event) => `${JSON.stringify(toCloudEvent(event, logId))}\n`);
    yield { text: lines.join(''), count: page.length };
    after = page.at(-1)?.position ?? to;
  }
}

function positionOf(option: string, text: string): number {
  const position = Number(text);
  if (Number.isSafeInteger(position) && position >= 1) return position;
  throw new UsageError(`${option}: a position, from 1`);
}
