/** Records as we encode them for Kafka: those of kafkajs, byte for byte. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { kafkaClient } from '../../src/relay/client.ts';
import { encodeRecord, type KafkaRecord } from '../../src/relay/record.ts';

const require = createRequire(import.meta.url);
const place = 'kafkajs/src/protocol/recordBatch/record/v0';
const theirs = require(place) as typeof encodeRecord;

const text = fc.string({ unit: 'binary', maxLength: 300 });
const bytes = fc.oneof(text, fc.uint8Array({ maxLength: 300 }).map(Buffer.from));
const someRecord = fc.record(
  {
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(text, fc.oneof(bytes, fc.array(bytes, { maxLength: 3 }))),
    offsetDelta: fc.nat(2 ** 31 - 1),
    timestampDelta: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
  },
  { requiredKeys: ['value'] },
) as fc.Arbitrary<KafkaRecord>;

// Seen to fail with sizes in characters instead of bytes, and with numbers cut to 32 bits.
t.test('any record is the same bytes', async (t) => {
  const property = fc.property(someRecord, (record) => {
    return encodeRecord(record).buffer.equals(theirs(record).buffer);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2_000 }));
});

t.test('it is what kafkajs produces with', async (t) => {
  t.not(theirs, encodeRecord);
  kafkaClient(['127.0.0.1:1'], pino({ level: 'silent' }));
  t.equal(require(place), encodeRecord);
  const requests = require.resolve('kafkajs/src/protocol/requests/produce/v3/request.js');
  t.equal(require.cache[requests], undefined, 'which asks for it no sooner than it produces');
});
