/** The topics: made by our own command with checked settings, never by a broker on its own. */
import type { Admin } from 'kafkajs';

/** The names that a prefix gives: several logs may share a cluster. */
export function namesOf(prefix: string) {
  return { eventsTopic: `${prefix}.events.v1`, relayGroup: `${prefix}-relay` };
}

/** Fixed for good: another count would send a key elsewhere and break its order. */
export const eventsPartitions = 6;
// Above the largest event (512 KiB) with room for a batch.
export const messageBytesMax = 4 * 1024 * 1024;

/** The topic is not as the relay needs it; the message names the command that mends it. */
export class TopicUnfit extends Error {}

/** Creates the topics that are missing; answers which ones it made. */
export async function createTopics(admin: Admin, prefix: string): Promise<string[]> {
  const { eventsTopic } = namesOf(prefix);
  const present = await admin.listTopics();
  if (present.includes(eventsTopic)) return [];
  const configEntries = [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'retention.ms', value: '-1' },
    { name: 'retention.bytes', value: '-1' },
    { name: 'max.message.bytes', value: String(messageBytesMax) },
  ];
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic: eventsTopic, numPartitions: eventsPartitions, configEntries }],
  });
  return [eventsTopic];
}

/** Throws `TopicUnfit` unless the events topic is there with its partitions. */
export async function checkTopics(admin: Admin, prefix: string): Promise<void> {
  const { eventsTopic } = namesOf(prefix);
  if (!(await admin.listTopics()).includes(eventsTopic)) {
    throw new TopicUnfit(`topic ${eventsTopic} is missing: run \`npx frontlog topics init\``);
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [eventsTopic] });
  const partitions = topics[0]?.partitions.length ?? 0;
  if (partitions !== eventsPartitions) {
    throw new TopicUnfit(
      `topic ${eventsTopic} has ${partitions} partitions, not ${eventsPartitions}: the order per ` +
        'key would break. Recreate it with `npx frontlog topics init` after deleting it',
    );
  }
}
