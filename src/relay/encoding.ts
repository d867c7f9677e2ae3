/**
 * What of kafkajs's encoding is done by us: it takes most of what the relay does with an event, and
 * kafkajs has no place to put another one (docs/decisions/0016-records-for-kafka.md).
 */
import { createRequire } from 'node:module';
import { crc32c } from './crc32c.ts';
import { encodeRecord } from './record.ts';

const ours = {
  'kafkajs/src/protocol/recordBatch/record/v0/index.js': encodeRecord,
  'kafkajs/src/protocol/recordBatch/crc32C/index.js': crc32c,
};

/**
 * Has kafkajs use ours from now on, for the same bytes. To be called before the process first
 * produces: kafkajs loads its own no sooner.
 */
export function useOwnEncoding(): void {
  const require = createRequire(import.meta.url);
  for (const [name, own] of Object.entries(ours)) {
    require(name);
    (require.cache[require.resolve(name)] as NodeJS.Module).exports = own;
  }
}
