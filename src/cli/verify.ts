/** `frontlog verify`: whether everything is as it was recorded, and else what differs first. */
import type { Logger } from 'pino';
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
import { verifyTopic } from '../verify/topic.ts';
import { verifyViews } from '../verify/views.ts';
import { makeLogger } from './logger.ts';

const progressIntervalMs = 1_000;

type Verified = {
  readonly events: number;
  readonly sealed: number;
  readonly rows: number;
  /** Null where no broker is named, so that the topic was not read. */
  readonly messages: number | null;
  readonly findings: readonly Finding[];
};

/** Ends with 1 where there are findings. */
export async function runVerify({ json = false }: { json?: boolean }): Promise<void> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const logger = makeLogger(config.logLevel);
  const { db, pool, store, close } = await openLog(config, logger);
  try {
    const log = await verifyLog(db, progress('log'));
    for (const projection of projections) await prepareProjection(db, projection);
    const views = await verifyViews(db, store, projections, progress('views'));
    const topic = await verifyNamedTopic(config, logger, { db, pool, store });
    const findings = [...log.findings, ...views.findings, ...(topic?.findings ?? [])];
    if (findings.length > 0) process.exitCode = 1;
    const { events, sealed } = log;
    const messages = topic?.messages ?? null;
    const verified = { events, sealed, rows: views.rows, messages, findings };
    process.stdout.write(json ? `${JSON.stringify(verified)}\n` : textOf(verified));
  } finally {
    await close();
  }
}

// Undefined where the broker is an embedded one, or there is none.
async function verifyNamedTopic(
  { kafka: brokers, kafkaPrefix }: Config,
  logger: Logger,
  { db, pool, store }: Pick<Awaited<ReturnType<typeof openLog>>, 'db' | 'pool' | 'store'>,
) {
  if (typeof brokers === 'string') return undefined;
  const { eventsTopic } = namesOf(kafkaPrefix);
  const kafka = kafkaClient([...brokers], logger);
  const through = await readShownPosition(pool, eventsTopic);
  const parts = { kafka, store, logId: await readLogId(db) };
  return verifyTopic(parts, eventsTopic, through, progress('topic'));
}

function textOf({ events, sealed, rows, messages, findings }: Verified): string {
  const topic = messages === null ? 'no topic (KAFKA_BROKERS names none)' : `${messages} messages`;
  const read =
    `${events} events read, ${sealed} of them under the signed head, ` +
    `${rows} rows of views, ${topic}`;
  if (findings.length === 0) return `${read}: all as they were recorded\n`;
  return `${read}: not as they were recorded\n${findings.map(lineOf).join('')}`;
}

function lineOf({ check, position, detail }: Finding): string {
  return `${check}${position === null ? '' : ` at position ${position}`}: ${detail}\n`;
}

function progress(what: string): ((position: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  let [saidAt, saidPosition] = [performance.now(), 0];
  return (position) => {
    const elapsedMs = performance.now() - saidAt;
    if (elapsedMs < progressIntervalMs) return;
    const rate = Math.round(((position - saidPosition) / elapsedMs) * 1_000);
    process.stderr.write(`${what}: position ${position}, ${rate} events/s\n`);
    [saidAt, saidPosition] = [performance.now(), position];
  };
}
