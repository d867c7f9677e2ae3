/**
 * Kafka's Produce request (version 3 and later) and the record batches in it (version 2 of the
 * message format), encoded in one buffer. kafkajs makes a zeroed encoder for each record and for
 * each of its headers, and copies a batch seven times from one encoder to the next
 * (docs/decisions/0016-records-for-kafka.md).
 */
import { type Bytes, ByteWriter } from './byte-writer.ts';
import { crc32c } from './crc32c.ts';

export type KafkaRecord = {
  readonly key?: Bytes | null;
  readonly value: Bytes | null;
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>>;
  /** Milliseconds since 1970, as kafkajs takes it: text. Absent: now. */
  readonly timestamp?: string;
};

export type Produce = {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null | undefined;
  /** An INT64, whatever it is held in. */
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly KafkaRecord[];
    }[];
  }[];
};
/** As kafkajs sends it. */
export type KafkaRequest = {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly expectResponse: () => boolean;
  readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
};

const apiKey = 0;
const messageFormat = 2;
const transactional = 16;
/** Of most records: what their size is not below, nor above, in bytes of a VARINT. */
const usualRecordBytes = 1_000;

// Cleared and copied within one turn, so that one is enough for all producers.
const writer = new ByteWriter();

/** The request; `theirs` makes those that are compressed, or have timestamps of their own. */
export function produceRequest(theirs: (produce: Produce) => KafkaRequest) {
  return (produce: Produce): KafkaRequest => {
    if (!isOurs(produce)) return theirs(produce);
    const encode = async () => {
      const buffer = encodeProduce(produce);
      return { buf: buffer, buffer };
    };
    const expectResponse = () => produce.acks !== 0;
    return { apiKey, apiVersion: 3, apiName: 'Produce', expectResponse, encode };
  };
}

function isOurs({ compression = 0, topicData }: Produce): boolean {
  return (
    compression === 0 &&
    topicData.every(({ partitions }) =>
      partitions.every(({ messages }) => messages.every(({ timestamp }) => timestamp == null)),
    )
  );
}

function encodeProduce(produce: Produce): Buffer {
  const { transactionalId = null, acks, timeout, topicData } = produce;
  writer.clear();
  writer.string(transactionalId);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, firstSequence = 0, messages } of partitions) {
      writer.int32(partition);
      const size = writer.hole();
      const from = writer.at;
      writeBatch(produce, firstSequence, messages);
      writer.fill(size, writer.at - from);
    }
  }
  return writer.copy();
}

function writeBatch(
  { transactionalId, producerId = -1, producerEpoch = 0 }: Produce,
  firstSequence: number,
  records: readonly KafkaRecord[],
): void {
  // The broker gives the offset.
  writer.int64(0n);
  const size = writer.hole();
  const from = writer.at;
  writer.int32(0);
  writer.int8(messageFormat);
  const check = writer.hole();
  const checked = writer.at;
  writer.int16(transactionalId ? transactional : 0);
  writer.int32(records.length - 1);
  const now = BigInt(Date.now());
  writer.int64(now);
  writer.int64(now);
  writer.int64(BigInt(producerId.toString()));
  writer.int16(producerEpoch);
  writer.int32(firstSequence);
  writer.int32(records.length);
  for (const [offset, record] of records.entries()) writeRecord(record, offset);
  writer.fill(check, crc32c(writer.since(checked)));
  writer.fill(size, writer.at - from);
}

function writeRecord({ key = null, value, headers = {} }: KafkaRecord, offset: number): void {
  writer.sized(usualRecordBytes, () => {
    // No attribute of a record is in use, and all are of the time of the first.
    writer.int8(0);
    writer.varint(0);
    writer.varint(offset);
    writer.varBytes(key);
    writer.varBytes(value);
    writer.varint(countOf(headers));
    for (const name in headers) {
      const given = headers[name] as Bytes | readonly Bytes[];
      for (const one of Array.isArray(given) ? given : [given]) {
        writer.varBytes(name);
        writer.varBytes(one);
      }
    }
  });
}

function countOf(headers: NonNullable<KafkaRecord['headers']>): number {
  let count = 0;
  for (const name in headers) {
    const given = headers[name];
    count += Array.isArray(given) ? given.length : 1;
  }
  return count;
}
