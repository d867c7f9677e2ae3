/** The document of what is on the topics: AsyncAPI 3, made from the catalogue's own schemas. */
import { catalogue, cloudEventType, eventTypes, schemaVersionOf } from '../domain/catalogue.ts';
import { documented } from '../domain/schema-document.ts';
import { source } from './message.ts';
import { messageBytesMax, namesOf } from './topics.ts';

type Json = Record<string, unknown>;

const about =
  'Every event of the log, once, as a CloudEvent 1.0 in the binary mode of the Kafka binding: ' +
  'the attributes are headers, the value is the data. Read with ' +
  '`isolation.level=read_committed`; a `read_uncommitted` reader meets copies of batches that ' +
  'were given up. Keyed by `conflict_id`, else by the stream: events of one key are in order of ' +
  '`ce_position`, which is dense over the whole topic. A stream may have events of several keys, ' +
  'as a force may be in two conflicts. An event is published in the version in which it was ' +
  'recorded. Members may be added to a version: ignore what you do not know.';

/** The document; `{prefix}` is the setting KAFKA_PREFIX. */
export function asyncapi(): Json {
  const messages = eventTypes.flatMap(messagesOf);
  const names = messages.map(([name]) => name);
  return {
    asyncapi: '3.0.0',
    id: 'urn:frontlog:topics',
    info: {
      title: 'frontlog',
      version: '1',
      description: 'What an event-sourced record of the claims and acts of a war publishes.',
      license: { name: 'All rights reserved' },
      contact: { name: 'frontlog' },
      tags: [{ name: 'kafka' }],
    },
    defaultContentType: 'application/json',
    servers: { kafka: { host: 'localhost:9092', protocol: 'kafka' } },
    channels: {
      events: {
        address: namesOf('{prefix}').eventsTopic,
        description: about,
        parameters: { prefix: { default: 'frontlog', description: 'The setting KAFKA_PREFIX.' } },
        messages: Object.fromEntries(
          names.map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { kafka: topicBinding },
      },
    },
    operations: {
      publishEvents: {
        action: 'send',
        summary: 'Each event of the log, in order per key',
        channel: { $ref: '#/channels/events' },
      },
    },
    components: { messages: Object.fromEntries(messages), schemas: { headers } },
  };
}

const topicBinding = {
  topicConfiguration: {
    'cleanup.policy': ['delete'],
    'retention.ms': -1,
    'retention.bytes': -1,
    'max.message.bytes': messageBytesMax,
  },
  bindingVersion: '0.5.0',
};

const text = (description: string, more: Json = {}) => ({ type: 'string', description, ...more });
const headers = {
  type: 'object',
  properties: {
    'content-type': text('Of the value', { const: 'application/json' }),
    ce_specversion: text('Of CloudEvents', { const: '1.0' }),
    ce_id: text('Of the event, for good', { format: 'uuid' }),
    ce_source: text('What made it', { const: source }),
    ce_type: text('Event type and version, `frontlog.claim-made.v1`'),
    ce_subject: text('The stream'),
    ce_time: text('When it was recorded', { format: 'date-time' }),
    ce_dataschema: text('Names the schema of the value', { format: 'uri' }),
    ce_partitionkey: text('The key'),
    ce_position: text('Position in the log, dense from 1', { pattern: '^[0-9]+$' }),
    ce_streamversion: text('Version in the stream, dense from 1', { pattern: '^[0-9]+$' }),
    ce_logid: text('Which log this is', { format: 'uuid' }),
    ce_correlationid: text('Of everything one request led to'),
    ce_causationid: text('The event that led to this one'),
    ce_recordedby: text('Whose request it was'),
    ce_requestsha256: text('Of the request, where it had an idempotency key'),
    traceparent: text('W3C trace context'),
  },
};

function messagesOf(type: (typeof eventTypes)[number]): [string, Json][] {
  const current = schemaVersionOf(type);
  return Array.from({ length: current }, (_, i) => {
    const isCurrent = i + 1 === current;
    const name = cloudEventType(type, i + 1);
    const payload = isCurrent
      ? forReaders(catalogue[type])
      : { type: 'object', description: `As an earlier release wrote it; now ${type}.v${current}.` };
    return [
      name,
      {
        name,
        title: isCurrent ? type : `${type}, version ${i + 1}`,
        contentType: 'application/json',
        headers: { $ref: '#/components/schemas/headers' },
        payload,
        bindings: { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } },
      },
    ];
  });
}

// What is for the writer alone is left out: a reader has to take members that are new.
function forReaders(schema: unknown): unknown {
  return documented(
    schema,
    (member, value) => member === 'additionalProperties' && value === false,
  );
}
