/**
 * The document of what is on the topics: AsyncAPI 3, made from the catalogue's own schemas.
 * Over 200 lines because it is one document.
 */
import { catalogue, cloudEventType, eventTypes, schemaVersionOf } from '../domain/catalogue.ts';
import { documented } from '../domain/schema-document.ts';
import { WarStatus } from '../projections/war-status-view.ts';
import { source } from './message.ts';
import { warStatusType } from './status-message.ts';
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

const aboutWarStatus =
  'The latest war status of each conflict, for readers that want only what is so now: compacted, ' +
  'keyed by `conflict_id`, the value as GET /v1/conflicts/{id}/status answers it. Published once ' +
  'the view has moved, a second apart, where more than `as_of` has changed. At least once, ' +
  'in order per key: one with an `as_of.position` that is not above that of the one before says ' +
  'nothing new. Read with `isolation.level=read_committed`.';
const aboutDeadLetters =
  'Messages of the events topic that a read site could not take, as they came, once each per ' +
  'site, with the reason. What is on the events topic is not wrong because of that: the site may ' +
  'be of an older release.';

const aboutReplays =
  'A part of the log published again, once, when an operator asked for it: as on the events ' +
  'topic, with as many partitions. `GET /v1/ops/replays/{id}` tells when all of it is there.';

const parameters = { prefix: { default: 'frontlog', description: 'The setting KAFKA_PREFIX.' } };

/** The document; `{prefix}` is the setting KAFKA_PREFIX. */
export function asyncapi(): Json {
  const messages = eventTypes.flatMap(messagesOf);
  const references = messages.map(([name]) => [name, { $ref: `#/components/messages/${name}` }]);
  const ofEvents = { messages: Object.fromEntries(references), bindings: { kafka: topicBinding } };
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
        parameters,
        ...ofEvents,
      },
      replay: {
        address: namesOf('{prefix}').replayTopic('{id}'),
        description: aboutReplays,
        parameters: { ...parameters, id: { description: 'Of the replay.' } },
        ...ofEvents,
      },
      warStatus: {
        address: namesOf('{prefix}').warStatusTopic,
        description: aboutWarStatus,
        parameters,
        messages: { [warStatusType]: { $ref: `#/components/messages/${warStatusType}` } },
        bindings: { kafka: compactedBinding },
      },
      deadLetters: {
        address: namesOf('{prefix}').deadLettersTopic,
        description: aboutDeadLetters,
        parameters,
        messages: { deadLetter: { $ref: '#/components/messages/deadLetter' } },
        bindings: { kafka: topicBinding },
      },
    },
    operations: {
      publishEvents: {
        action: 'send',
        summary: 'Each event of the log, in order per key',
        channel: { $ref: '#/channels/events' },
      },
      publishWarStatus: {
        action: 'send',
        summary: 'The latest war status of each conflict',
        channel: { $ref: '#/channels/warStatus' },
      },
      publishAgain: {
        action: 'send',
        summary: 'A part of the log again',
        channel: { $ref: '#/channels/replay' },
      },
      publishDeadLetters: {
        action: 'send',
        summary: 'What a read site could not take',
        channel: { $ref: '#/channels/deadLetters' },
      },
    },
    components: {
      messages: {
        ...Object.fromEntries(messages),
        [warStatusType]: warStatusMessage,
        deadLetter: deadLetterMessage,
      },
      schemas: { headers },
    },
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

const compactedBinding = {
  topicConfiguration: { 'cleanup.policy': ['compact'], 'max.message.bytes': messageBytesMax },
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
    ce_traceparent: text('W3C trace context'),
  },
};

const keyBinding = { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } };

const warStatusMessage = {
  name: warStatusType,
  title: 'War status',
  contentType: 'application/json',
  headers: {
    type: 'object',
    properties: {
      'content-type': headers.properties['content-type'],
      ce_specversion: headers.properties.ce_specversion,
      ce_id: text('`CONFLICT@POSITION`'),
      ce_source: headers.properties.ce_source,
      ce_type: text('Of the message', { const: warStatusType }),
      ce_partitionkey: headers.properties.ce_partitionkey,
      ce_logid: headers.properties.ce_logid,
      ce_subject: text('The conflict'),
      ce_time: text('When the event at the position was recorded', { format: 'date-time' }),
      ce_position: text('Of the log, that the view had come to', { pattern: '^[0-9]+$' }),
    },
  },
  payload: forReaders(WarStatus),
  bindings: keyBinding,
};
const deadLetterMessage = {
  name: 'deadLetter',
  title: 'Dead letter',
  summary: 'Key, value and headers as they came, whatever they are, and these headers.',
  headers: {
    type: 'object',
    properties: {
      dlq_reason: text('Why it could not be taken'),
      dlq_topic: text('Where it was'),
      dlq_partition: text('Its partition there', { pattern: '^[0-9]+$' }),
      dlq_offset: text('Its offset there', { pattern: '^[0-9]+$' }),
      dlq_site: text('The read site that could not take it', { format: 'uuid' }),
    },
  },
  bindings: keyBinding,
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
        bindings: keyBinding,
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
