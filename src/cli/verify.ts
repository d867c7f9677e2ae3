/** `frontlog verify`: whether everything is as it was recorded, and else what differs first. */
import { type Config, readConfig } from '../config.ts';
import { readLogId } from '../db.ts';
import { openLog } from '../log.ts';
import { prepareProjection } from '../projections/generations.ts';
import { kafkaClient } from '../relay/client.ts';
import { readShownPosition } from '../relay/shown.ts';
import { namesOf } from '../relay/topics.ts';
import { projections } from '../service.ts';
import type { Finding } from '../verify/finding.ts';
import { verifyLog } from '../verify/log.ts';
import { verifyNote } from '../verify/note.ts';
import { verifyTopic } from '../verify/topic.ts';
import { verifyViews } from '../verify/views.ts';
import { UsageError } from './exit.ts';
import { readNote, readPublicKey } from './kept-note.ts';
import { makeLogger } from './logger.ts';
import { openProgress, type Progress } from './progress.ts';

type Log = Awaited<ReturnType<typeof openLog>>;

/** Rows are looked up all over the tables, which a slow disk takes its time for. */
const silenceMaxMs = 600_000;

/** What a database has, and what of it is not as it was recorded. */
export type VerifiedDatabase = {
  readonly events: number;
  /** Those under the signed head. */
  readonly sealed: number;
  readonly rows: number;
  readonly findings: readonly Finding[];
};
type Verified = VerifiedDatabase & {
  /** Null where no broker is named, so that the topic was not read. */
  readonly messages: number | null;
};

type Options = { head?: string; key?: string; json?: boolean };

/**
 * Ends with 1 where there are findings. Who has the database may take head and tree away, and both
 * are made anew: only a head that was published and kept tells then.
 */
export async function runVerify({ head, key, json = false }: Options): Promise<void> {
  if (key !== undefined && head === undefined) throw new UsageError('--key: is for --head');
  const kept = head === undefined ? undefined : await readNote('--head', head);
  const publicKey = key === undefined ? undefined : await readPublicKey('--key', key);
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  try {
    const database = await verifyDatabase(log);
    const topic = await verifyNamedTopic(config, log);
    // The note is held to the tree, which is to be right for that.
    const isComparable =
      kept !== undefined && !database.findings.some(({ check }) => ofTree(check));
    const noted = isComparable ? await verifyNote(log.db, kept, publicKey) : [];
    const findings = [...database.findings, ...noted, ...(topic?.findings ?? [])];
    if (findings.length > 0) process.exitCode = 1;
    const verified = { ...database, messages: topic?.messages ?? null, findings };
    process.stdout.write(json ? `${JSON.stringify(verified)}\n` : textOf(verified));
  } finally {
    await log.close();
  }
}

function ofTree(check: Finding['check']): boolean {
  return check !== 'views' && check !== 'topic';
}

/** Reads the whole log, and holds the views to it. */
export async function verifyDatabase({ db, store, connect }: Log): Promise<VerifiedDatabase> {
  const total = await store.head();
  for (const projection of projections) await prepareProjection(db, projection);
  // Side by side: while PostgreSQL compares what a page has made, the log's own pages are checked.
  const [log, views] = await shown('log and views', 'events', (progress) => {
    const done = { log: 0, views: 0 };
    const say = (part: keyof typeof done) => (position: number) => {
      done[part] = position;
      progress.say({ done: Math.min(done.log, done.views), total });
    };
    const parts = { db, store, connect: () => connect(silenceMaxMs) };
    return Promise.all([verifyLog(db, say('log')), verifyViews(parts, projections, say('views'))]);
  });
  const { events, sealed } = log;
  return { events, sealed, rows: views.rows, findings: [...log.findings, ...views.findings] };
}

// Undefined where the broker is an embedded one, or there is none.
async function verifyNamedTopic(
  { kafka: cluster, kafkaPrefix }: Config,
  { db, pool, store, logger }: Log,
) {
  if (typeof cluster === 'string') return undefined;
  const { eventsTopic } = namesOf(kafkaPrefix);
  const kafka = kafkaClient(cluster, logger);
  const through = await readShownPosition(pool, eventsTopic);
  const parts = { kafka, store, logId: await readLogId(db) };
  return shown('topic', 'messages', (progress) =>
    verifyTopic(parts, eventsTopic, through, (done) => progress.say({ done, total: through })),
  );
}

async function shown<Result>(
  what: string,
  unit: string,
  work: (progress: Progress) => Promise<Result>,
): Promise<Result> {
  const progress = openProgress(what, unit);
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}

function textOf({ events, sealed, rows, messages, findings }: Verified): string {
  const topic = messages === null ? 'no topic (KAFKA_BROKERS names none)' : `${messages} messages`;
  const read =
    `${events} events read, ${sealed} of them under the signed head, ` +
    `${rows} rows of views, ${topic}`;
  if (findings.length === 0) return `${read}: all as they were recorded\n`;
  return [`${read}: not as they were recorded`, ...findings.map(lineOf), ''].join('\n');
}

/** A finding, as a line. */
export function lineOf({ check, position, detail }: Finding): string {
  return `${check}${position === null ? '' : ` at position ${position}`}: ${detail}`;
}
