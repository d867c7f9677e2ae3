/** `frontlog replay`: a part of the log again, to a topic of its own. */
import { randomBytes } from 'node:crypto';
import { readConfig } from '../config.ts';
import { readLogId } from '../db.ts';
import { isEventType } from '../domain/catalogue.ts';
import { openLog } from '../log.ts';
import { kafkaClient } from '../relay/client.ts';
import { type ReplayParts, runReplay, startReplay } from '../relay/replay.ts';
import {
  cancelReplay,
  type Replay,
  type ReplayAsked,
  ReplayRefused,
  takeReplay,
} from '../relay/replays.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';
import { openProgress, type Reached } from './progress.ts';
import { refuseAtReadSite } from './read-site.ts';

/** As a shell says of a command that SIGINT has ended. */
const interruptedCode = 130;

export type ReplayOptions = {
  from?: string;
  to?: string;
  type?: string[];
  stream?: string;
  toTopic?: string;
  resume?: string;
  cancel?: string;
  json?: boolean;
};

/** Begins a replay, or goes on with one; Ctrl-C leaves it to be resumed. */
export async function runReplayCommand(options: ReplayOptions): Promise<void> {
  const asked = (options.resume ?? options.cancel) ? undefined : askedOf(options);
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  if (typeof config.kafka === 'string') throw new UsageError('KAFKA_BROKERS names no broker');
  const logger = makeLogger(config.logLevel);
  const log = await openLog(config, logger);
  const progress = openProgress('replay', 'positions');
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    if (options.cancel !== undefined) return await cancel(log.db, options.cancel, options.json);
    await refuseAtReadSite(log.db, 'it publishes nothing');
    const kafka = kafkaClient(config.kafka, logger);
    const { db, store } = log;
    const parts = { kafka, db, store, logId: await readLogId(db), prefix: config.kafkaPrefix };
    const replay = await chosen(parts, options.resume, asked);
    process.stderr.write(`replay ${replay.id} to ${replay.topic}\n`);
    progress.say(reachedBy(replay));
    const end = await runReplay(parts, replay, stopping.signal, (now) => {
      progress.say(reachedBy(now));
    });
    progress.end();
    report(end, options.json);
  } catch (error) {
    throw error instanceof ReplayRefused ? new UsageError(error.message) : error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    progress.end();
    await log.close();
  }
}

async function chosen(
  parts: ReplayParts,
  resume: string | undefined,
  asked: ReplayAsked | undefined,
): Promise<Replay> {
  if (asked === undefined) return takeReplay(parts.db, resume as string, 'command');
  return (await startReplay(parts, randomBytes(4).toString('hex'), asked)).replay;
}

async function cancel(db: ReplayParts['db'], id: string, json = false): Promise<void> {
  const cancelled = await cancelReplay(db, id);
  const text = `${id}: cancelled; what it has published stays`;
  process.stdout.write(`${json ? JSON.stringify(cancelled) : text}\n`);
}

function askedOf({ from, to, type = [], stream, toTopic }: ReplayOptions): ReplayAsked {
  for (const one of type) {
    if (!isEventType(one)) throw new UsageError(`--type: there is no event type ${one}`);
  }
  if (toTopic !== undefined && !/^[\w.-]{1,249}$/.test(toTopic)) {
    throw new UsageError(`--to-topic: ${toTopic} is no name of a topic`);
  }
  const range = { from: positionOf('--from', from), to: positionOf('--to', to) };
  return { ...range, types: type, stream, topic: toTopic };
}

function positionOf(option: string, text: string | undefined): number {
  const position = Number(text);
  if (Number.isSafeInteger(position) && position > 0) return position;
  throw new UsageError(`${option}: a position of the log, from 1`);
}

function reachedBy({ from_position, to_position, position, published }: Replay): Reached {
  const [done, total] = [position - from_position + 1, to_position - from_position + 1];
  return { done, total, note: `${published} published` };
}

function report(end: Replay, json = false): void {
  const { id, topic, state, run_by, published, position } = end;
  if (state === 'running') process.exitCode = interruptedCode;
  const howItRuns =
    run_by === 'service'
      ? 'the service goes on with it'
      : `stopped: go on with \`frontlog replay --resume ${id}\``;
  const how = state === 'running' ? howItRuns : state;
  const text = `${published} events on ${topic}, through position ${position}: ${how}`;
  process.stdout.write(`${json ? JSON.stringify(end) : text}\n`);
}
