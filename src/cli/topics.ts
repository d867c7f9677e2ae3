/** `frontlog topics init|recreate`: the topics at KAFKA_BROKERS. */
import { readConfig } from '../config.ts';
import { connectOnce } from '../db.ts';
import { initTopics, kafkaClient } from '../relay/client.ts';
import { recreateTopics } from '../relay/recreate.ts';
import { findPinnedPartitions } from '../relay/shown.ts';
import { namesOf } from '../relay/topics.ts';
import { withDatabase } from './database.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';
import { refuseAtReadSite } from './read-site.ts';

type Options = { partitions?: string; yes?: boolean; json?: boolean };

/** Creates the topics that are missing, and sets right what is set wrongly. */
export async function runTopicsInit({ partitions, json }: Options): Promise<void> {
  const asked = partitions === undefined ? undefined : Number(partitions);
  if (asked !== undefined && !(Number.isInteger(asked) && asked > 0 && asked <= 10_000)) {
    throw new UsageError(`--partitions: ${partitions} is no number from 1 to 10000`);
  }
  const { config, cluster, logger } = settings();
  await withDatabase(config, logger, async ({ databaseUrl }) => {
    const client = await connectOnce(databaseUrl);
    const pinned = await findPinnedPartitions(client, namesOf(config.kafkaPrefix).eventsTopic);
    await client.end();
    if (pinned !== undefined && asked !== undefined && asked !== pinned) {
      throw new UsageError(
        `--partitions: ${pinned} it is for good, as another count would break the order per key`,
      );
    }
    say(await initTopics(cluster, config.kafkaPrefix, logger, pinned ?? asked), json);
  });
}

/** Deletes the topics with all that is on them, and makes them anew: all is relayed once more. */
export async function runTopicsRecreate({ yes, json }: Options): Promise<void> {
  if (yes !== true) {
    throw new UsageError('this deletes every message on the topics: say --yes to do it');
  }
  const { config, cluster, logger } = settings();
  await withDatabase(config, logger, async ({ db, databaseUrl }) => {
    // Its lock is not the one that the relay has, which is in the other database.
    await refuseAtReadSite(db, 'the topics that it reads are those of another');
    const connect = () => connectOnce(databaseUrl);
    const kafka = kafkaClient(cluster, logger);
    say(await recreateTopics({ kafka, prefix: config.kafkaPrefix, connect }), json);
  });
}

function settings() {
  const config = readConfig(process.env);
  if (typeof config.kafka === 'string') {
    throw new UsageError('KAFKA_BROKERS names no broker; the embedded one makes its topics itself');
  }
  return { config, cluster: config.kafka, logger: makeLogger(config.logLevel) };
}

function say(done: readonly string[], json = false): void {
  const text = done.length > 0 ? done.join('\n') : 'nothing to do';
  process.stdout.write(`${json ? JSON.stringify({ done }) : text}\n`);
}
