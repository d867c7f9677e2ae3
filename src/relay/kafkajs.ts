/**
 * kafkajs, with what it does with each message done by us: that takes most of what the relay does
 * with an event, and it has no place to put another (docs/decisions/0016-records-for-kafka.md). To
 * be imported instead of `kafkajs` by all that produces: loaded before this, it has its own.
 */
import { createRequire } from 'node:module';
import type { ICustomPartitioner, Message, PartitionMetadata } from 'kafkajs';
import { type KafkaRequest, type Produce, produceRequest } from './produce-request.ts';

const require = createRequire(import.meta.url);

replace<(produce: Produce) => KafkaRequest>(
  'protocol/requests/produce/v3/request.js',
  produceRequest,
);
replace('producer/groupMessagesPerPartition.js', () => groupByPartition);
replace('protocol/request.js', () => framed);

const kafkajs = require('kafkajs') as typeof import('kafkajs');
export const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel, Partitioners } = kafkajs;

// Throws where kafkajs has no such part, so that another release does not start unnoticed.
function replace<Part>(part: string, make: (theirs: Part) => Part): void {
  const path = require.resolve(`kafkajs/src/${part}`);
  const theirs = require(path) as Part;
  (require.cache[path] as NodeJS.Module).exports = make(theirs);
}

type Grouping = {
  readonly topic: string;
  readonly partitionMetadata: PartitionMetadata[];
  readonly messages: readonly Message[];
  readonly partitioner: ReturnType<ICustomPartitioner>;
};

/** Messages by partition. Theirs copies a partition's list for each message that it adds. */
function groupByPartition({ messages, ...asked }: Grouping): Record<number, Message[]> {
  const groups: Record<number, Message[]> = {};
  if (asked.partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = asked.partitioner({ ...asked, message });
    groups[partition] ??= [];
    groups[partition].push(message);
  }
  return groups;
}

type Framing = {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: KafkaRequest;
};

/** A request behind its size and header (version 1), copied once instead of twice. */
async function framed({ correlationId, clientId, request }: Framing) {
  const { buffer: payload } = await request.encode();
  const clientBytes = Buffer.from(clientId);
  const size = 10 + clientBytes.length + payload.length;
  const buffer = Buffer.allocUnsafe(4 + size);
  let at = buffer.writeInt32BE(size, 0);
  at = buffer.writeInt16BE(request.apiKey, at);
  at = buffer.writeInt16BE(request.apiVersion, at);
  at = buffer.writeInt32BE(correlationId, at);
  at = buffer.writeInt16BE(clientBytes.length, at);
  buffer.set(clientBytes, at);
  buffer.set(payload, at + clientBytes.length);
  return { buffer };
}
