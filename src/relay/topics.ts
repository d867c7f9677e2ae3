/** The topics: made by our own command with checked settings, never by a broker on its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { ConfigResourceTypes } from './kafkajs.ts';

/** The names that a prefix gives: several logs may share a cluster. */
export function namesOf(prefix: string) {
  return {
    eventsTopic: `${prefix}.events.v1`,
    warStatusTopic: `${prefix}.war-status.v1`,
    deadLettersTopic: `${prefix}.dlq.v1`,
    /** Of a replay, unless another is asked for. */
    replayTopic: (id: string) => `${prefix}.replay.${id}.v1`,
    relayGroup: `${prefix}-relay`,
    warStatusGroup: `${prefix}-war-status`,
    /** Before a site's id: its consumer group. */
    siteGroups: `${prefix}-site-`,
  };
}

/** Unless asked for otherwise; from the first relay on the count is fixed for good. */
export const eventsPartitions = 6;
// Above the largest event (512 KiB) with room for a batch.
export const messageBytesMax = 4 * 1024 * 1024;

const leaderTimeoutMs = 30_000;
const leaderPollIntervalMs = 100;
const notYet = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'];

/** The topic is not as the relay needs it; the message names the command that mends it. */
export class TopicUnfit extends Error {}

type Settings = Readonly<Record<string, string>>;
type Topic = { readonly topic: string; readonly partitions: number; readonly settings: Settings };

const sizes = { 'max.message.bytes': String(messageBytesMax) };
const unlimited = { 'retention.ms': '-1', 'retention.bytes': '-1' };
const forever: Settings = { 'cleanup.policy': 'delete', ...unlimited, ...sizes };

/** Every topic as it is to be. */
function topicsOf(prefix: string, partitions: number): readonly Topic[] {
  const { eventsTopic, warStatusTopic, deadLettersTopic } = namesOf(prefix);
  return [
    { topic: eventsTopic, partitions, settings: forever },
    { topic: warStatusTopic, partitions, settings: { 'cleanup.policy': 'compact', ...sizes } },
    { topic: deadLettersTopic, partitions: 1, settings: forever },
  ];
}

/**
 * Creates the topics that are missing and sets right what is set wrongly; answers what it did, a
 * sentence each. `partitions` is for those it makes.
 */
export async function createTopics(
  admin: Admin,
  prefix: string,
  partitions = eventsPartitions,
): Promise<string[]> {
  const present = await admin.listTopics();
  const wanted = topicsOf(prefix, partitions);
  const missing = wanted.filter(({ topic }) => !present.includes(topic));
  if (missing.length > 0) await make(admin, missing);
  const done = missing.map(({ topic }) => `created ${topic}`);
  for (const one of wanted) {
    const faults = missing.includes(one) ? [] : faultsOf(one, await readSettings(admin, one.topic));
    if (faults.length === 0) continue;
    await mendSettings(admin, one);
    done.push(`set ${faults.map(({ name }) => name).join(', ')} of ${one.topic}`);
  }
  return done;
}

/** Makes a topic like that of the events, with as many partitions; false where it is there. */
export async function createReplayTopic(
  admin: Admin,
  eventsTopic: string,
  topic: string,
): Promise<boolean> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [eventsTopic] });
  const partitions = topics[0]?.partitions.length ?? eventsPartitions;
  return make(admin, [{ topic, partitions, settings: forever }]);
}

// kafkajs waits for leaders too, but gives up where the broker does not know the topic yet.
async function make(admin: Admin, wanted: readonly Topic[]): Promise<boolean> {
  const topics = wanted.map(({ topic, partitions, settings }) => ({
    ...{ topic, numPartitions: partitions },
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  }));
  const isNew = await admin.createTopics({ waitForLeaders: false, topics });
  if (!isNew) return false;
  const names = topics.map(({ topic }) => topic);
  for (const deadline = Date.now() + leaderTimeoutMs; ; await sleep(leaderPollIntervalMs)) {
    const lacking = await listLeaderless(admin, names).catch((error) => {
      if (!notYet.includes(error.type)) throw error;
      return names;
    });
    if (lacking.length === 0) return true;
    if (Date.now() > deadline) throw new Error(`no broker leads ${lacking.join(', ')} yet`);
  }
}

async function listLeaderless(admin: Admin, names: string[]): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  return topics
    .filter(({ partitions }) => partitions.some(({ leader }) => leader < 0))
    .map(({ name }) => name);
}

/**
 * Throws `TopicUnfit` unless every topic is there as it is to be. `pin` is told how many partitions
 * the events topic has, and answers how many it must have.
 */
export async function checkTopics(
  admin: Admin,
  prefix: string,
  pin: (topic: string, partitions: number) => Promise<number>,
): Promise<void> {
  const { eventsTopic } = namesOf(prefix);
  const [fault] = await listFaults(admin, prefix);
  if (fault !== undefined) throw new TopicUnfit(fault);
  const { topics } = await admin.fetchTopicMetadata({ topics: [eventsTopic] });
  const partitions = topics[0]?.partitions.length ?? 0;
  const pinned = await pin(eventsTopic, partitions);
  if (partitions === pinned) return;
  throw repartitioned(eventsTopic, partitions, pinned);
}

/** What is missing or set wrongly, a sentence each, with the command that mends it. */
export async function listFaults(admin: Admin, prefix: string): Promise<string[]> {
  const mend = 'run `npx frontlog topics init`';
  const present = await admin.listTopics();
  const faults: string[] = [];
  for (const one of topicsOf(prefix, eventsPartitions)) {
    const { topic } = one;
    if (!present.includes(topic)) {
      faults.push(`topic ${topic} is missing: ${mend}`);
      continue;
    }
    for (const { name, value, wanted } of faultsOf(one, await readSettings(admin, topic))) {
      faults.push(`${name} of topic ${topic} is ${value}, not ${wanted}: ${mend}`);
    }
  }
  return faults;
}

/** Why a topic with another count of partitions than at first is refused. */
export function repartitioned(topic: string, partitions: number, pinned: number): TopicUnfit {
  return new TopicUnfit(
    `topic ${topic} has ${partitions} partitions, not ${pinned}: the order per key would ` +
      'break. `npx frontlog topics recreate --yes` deletes it and relays the whole log anew',
  );
}

type Fault = { readonly name: string; readonly value: string; readonly wanted: string };
type Entry = { readonly value: string; readonly isOwn: boolean };

function faultsOf({ settings }: Topic, found: ReadonlyMap<string, Entry>): Fault[] {
  return Object.entries(settings).flatMap(([name, wanted]) => {
    const value = found.get(name)?.value ?? 'unknown';
    const isFit = name === 'max.message.bytes' ? Number(value) >= Number(wanted) : value === wanted;
    return isFit ? [] : [{ name, value, wanted }];
  });
}

// What the source of a setting is called where the topic has it of its own.
const ownSource = 1;

async function readSettings(admin: Admin, topic: string): Promise<Map<string, Entry>> {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [resource],
  });
  const entries = resources[0]?.configEntries ?? [];
  return new Map(
    entries.map(({ configName, configValue, configSource }) => [
      configName,
      { value: configValue, isOwn: Number(configSource) === ownSource },
    ]),
  );
}

// The request replaces every setting that the topic has of its own: the others are sent along.
async function mendSettings(admin: Admin, { topic, settings }: Topic): Promise<void> {
  const found = await readSettings(admin, topic);
  const own = [...found].filter(([, { isOwn }]) => isOwn).map(([name, { value }]) => [name, value]);
  const merged: Settings = { ...Object.fromEntries(own), ...settings };
  const configEntries = Object.entries(merged).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
}
