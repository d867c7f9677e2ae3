/** `frontlog status`: how the log, the relay, the mirror, the projections and the topics are. */
import { readConfig } from '../config.ts';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { openLog } from '../log.ts';
import { type MirrorProgress, readMirrorProgress, readSite } from '../mirror/site.ts';
import { listStatuses, type ProjectionStatus } from '../projections/status.ts';
import { listTopicFaults } from '../relay/client.ts';
import { type Lag, readTopicProgress, type TopicProgress } from '../relay/lag.ts';
import { namesOf } from '../relay/topics.ts';
import { projections } from '../service.ts';
import { makeLogger } from './logger.ts';

type Relay = { topic: string } & TopicProgress;
type Topics = { faults: string[] } | { unavailable: string };
type Status = {
  site: 'primary' | 'mirror';
  log_id: string | null;
  head: number;
  /** Null where nothing was relayed yet, and at a mirror. */
  relay: Relay | null;
  war_status: Relay | null;
  mirror: MirrorProgress | null;
  projections: ProjectionStatus[];
  /** Null where no brokers are named. */
  topics: Topics | null;
};

/** Ends with 1 where something does not move, or a topic is not as it is to be. */
export async function runStatus({ json }: { json?: boolean }): Promise<void> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  try {
    const { db, store, logger } = log;
    const { eventsTopic, warStatusTopic } = namesOf(config.kafkaPrefix);
    const [site, head] = await Promise.all([readSite(db), store.head()]);
    const isMirror = site.role === 'mirror';
    const status: Status = {
      ...{ site: site.role, log_id: site.log_id, head },
      relay: isMirror ? null : await readRelay(db, store, eventsTopic, head),
      war_status: isMirror ? null : await readRelay(db, store, warStatusTopic, head),
      mirror: isMirror ? await readMirrorProgress(db) : null,
      projections: await listStatuses(db, projections),
      topics: null,
    };
    if (typeof config.kafka !== 'string') {
      status.topics = await listTopicFaults(config.kafka, config.kafkaPrefix, logger);
    }
    if (faultsOf(status).length > 0) process.exitCode = 1;
    process.stdout.write(json ? `${JSON.stringify(status)}\n` : textOf(status));
  } finally {
    await log.close();
  }
}

async function readRelay(db: Db, store: EventStore, topic: string, head: number) {
  const progress = await readTopicProgress(db, store, topic, head);
  return progress && { topic, ...progress };
}

function faultsOf({ relay, war_status, mirror, projections, topics }: Status): string[] {
  const held = mirror?.held ?? null;
  return [
    ...[relay, war_status].flatMap((one) => {
      if (one === null || one.last_error === null) return [];
      return [`nothing goes to ${one.topic} since ${one.failed_at}: ${one.last_error}`];
    }),
    ...(held === null ? [] : [`the event at position ${mirror?.missing} is held: ${held}`]),
    ...projections
      .filter(({ state }) => state === 'paused')
      .map(({ name, last_error }) => `${name} is paused: ${last_error ?? 'as it was told'}`),
    ...(topics !== null && 'faults' in topics ? topics.faults : []),
    ...(topics !== null && 'unavailable' in topics ? [`no Kafka: ${topics.unavailable}`] : []),
  ];
}

function textOf(status: Status): string {
  const { site, log_id, head, relay, war_status, mirror, projections } = status;
  const lines = [`${site} of log ${log_id ?? 'not known yet'}, ${head} events`];
  if (relay !== null) lines.push(relayLine('relay', relay));
  if (war_status !== null) lines.push(relayLine('war status', war_status));
  if (mirror !== null) {
    const missing = mirror.missing === null ? '' : ` for the event at ${mirror.missing}`;
    lines.push(`mirror: ${mirror.waiting} wait${missing}, ${mirror.dead_letters} dead letters`);
  }
  for (const one of projections) {
    lines.push(
      `${one.name}: ${one.state}, position ${one.position}, ` +
        `${behind(one)}, ${Math.round(one.rate)} events/s` +
        `${one.rebuild === null ? '' : `; its rebuild at ${one.rebuild.position}`}`,
    );
  }
  return `${[...lines, ...faultsOf(status)].join('\n')}\n`;
}

function relayLine(name: string, { topic, position, ...lag }: Relay): string {
  return `${name}: ${topic}, position ${position}, ${behind(lag)}`;
}

function behind({ lag_events, lag_seconds }: Lag): string {
  return lag_events === 0
    ? 'at the end'
    : `${lag_events} events, ${lag_seconds.toFixed(1)} s behind`;
}
