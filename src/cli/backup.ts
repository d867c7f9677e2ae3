/**
 * `frontlog backup check`: whether a database that was restored is whole, and whether the topic, or
 * a note that was kept of the log's head, is of more than it has. To be asked before it is served.
 */
import { type Config, readConfig } from '../config.ts';
import { readLogId } from '../db.ts';
import { openLog } from '../log.ts';
import { readSite } from '../mirror/site.ts';
import { RelayRefused, readCheckpoint } from '../relay/checkpoint.ts';
import { kafkaClient } from '../relay/client.ts';
import { namesOf } from '../relay/topics.ts';
import { verifyNote } from '../verify/note.ts';
import { UsageError } from './exit.ts';
import { readNote } from './kept-note.ts';
import { makeLogger } from './logger.ts';
import { lineOf, type VerifiedDatabase, verifyDatabase } from './verify.ts';

type Log = Awaited<ReturnType<typeof openLog>>;
type Topic = {
  readonly topic: string;
  /** `ahead`: it has events that the log has not, or has otherwise, or it is of another log. */
  readonly state: 'missing' | 'behind' | 'level' | 'ahead';
  /** The last position on it, where that is one of this log. */
  readonly position: number | null;
  /** What is wrong, and both ways out. */
  readonly detail: string | null;
};
type Checked = VerifiedDatabase & {
  readonly head: number;
  /** Null where no broker is named. */
  readonly topic: Topic | null;
};

/** Ends with 1 where the database is not whole, or something is ahead of it. */
export async function runBackupCheck({ note, json }: { note?: string; json?: boolean }) {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const kept = note === undefined ? undefined : await readNote('--note', note);
  const log = await openLog(config, makeLogger(config.logLevel));
  try {
    const { role } = await readSite(log.db);
    if (role === 'mirror') {
      throw new UsageError('a read site is not restored: give it an empty database, and it fills');
    }
    const database = await verifyDatabase(log);
    // The note is held to the tree, which is to be right for that.
    const isComparable = kept !== undefined && database.findings.length === 0;
    const findings = isComparable ? await verifyNote(log.db, kept) : database.findings;
    const topic = await checkTopic(config, log);
    const checked = { ...database, findings, head: await log.store.head(), topic };
    if (findings.length > 0 || topic?.state === 'ahead') process.exitCode = 1;
    process.stdout.write(json ? `${JSON.stringify(checked)}\n` : textOf(checked));
  } finally {
    await log.close();
  }
}

// As the relay does when it takes over, without taking over.
async function checkTopic(
  { kafka: cluster, kafkaPrefix: prefix }: Config,
  { db, store, logger }: Log,
): Promise<Topic | null> {
  if (typeof cluster === 'string') return null;
  const topic = namesOf(prefix).eventsTopic;
  const kafka = kafkaClient(cluster, logger);
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic)) {
      const detail = 'the relay fills it from the first event: `npx frontlog topics init` makes it';
      return { topic, state: 'missing', position: null, detail };
    }
    const parts = { kafka, store, prefix, logger, logId: await readLogId(db) };
    const { position } = await readCheckpoint(admin, parts);
    const state = position < (await store.head()) ? 'behind' : 'level';
    return { topic, state, position, detail: null };
  } catch (error) {
    if (!(error instanceof RelayRefused)) throw error;
    return { topic, state: 'ahead', position: null, detail: error.message };
  } finally {
    await admin.disconnect();
  }
}

function textOf({ head, rows, sealed, findings, topic }: Checked): string {
  const whole = findings.length === 0 ? 'whole' : 'not whole: restore another backup';
  const lines = [
    `${whole}: ${head} events, ${sealed} of them under the signed head, ${rows} rows of views`,
    ...findings.map((finding) => `  ${lineOf(finding)}`),
    topic === null
      ? 'the topic was not looked at: KAFKA_BROKERS names no broker'
      : topicLine(topic, head),
  ];
  return `${lines.join('\n')}\n`;
}

function topicLine({ topic, state, position, detail }: Topic, head: number): string {
  switch (state) {
    case 'missing':
      return `${topic} is not there: ${detail}`;
    case 'behind':
      return `${topic} is at position ${position} of ${head}: the relay goes on from there`;
    case 'level':
      return `${topic} has every event`;
    case 'ahead':
      return `do not serve it yet: ${detail}`;
  }
}
