/** A broker of a test's own, which can be stopped and started again where it was. */
import { embeddedServers } from '../../src/embedded/servers.ts';

export type OwnBroker = { readonly brokers: string; stop(): Promise<void> };

export async function ownBroker(dataDir: string): Promise<OwnBroker> {
  const servers = await embeddedServers({
    dataDir,
    postgres: false,
    kafka: true,
    kafkaLibs: '.frontlog-test/kafka/libs',
    onProgress: () => undefined,
    onExit: () => undefined,
  });
  const found = await servers.kafka;
  if (found === undefined || 'unavailable' in found) throw new Error(found?.unavailable);
  return { brokers: found.brokers, stop: servers.stop };
}
