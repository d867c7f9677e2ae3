/** An event as a Kafka message: CloudEvents 1.0, Kafka protocol binding, binary content mode. */
import type { Message } from 'kafkajs';
import { cloudEventType } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';

/** CloudEvents `source`: what made the events, the same for every copy of this service. */
export const source = 'urn:frontlog';

/** The message key: events of one conflict, and else of one stream, keep their order. */
export function keyOf({ data, stream }: Pick<RecordedEvent, 'data' | 'stream'>): string {
  return (data as { conflict_id?: string }).conflict_id ?? stream;
}

/** The message; its value is the event's data, byte for byte as it was appended. */
export function toMessage(event: RecordedEvent, logId: string): Message {
  const attributes = Object.entries(attributesOf(event, logId)).map(([name, value]) => [
    `ce_${name}`,
    String(value),
  ]);
  return {
    key: keyOf(event),
    value: JSON.stringify(event.data),
    headers: { 'content-type': 'application/json', ...Object.fromEntries(attributes) },
  };
}

/** The event as CloudEvents has it in JSON (structured content mode). */
export function toCloudEvent(event: RecordedEvent, logId: string) {
  return {
    ...attributesOf(event, logId),
    datacontenttype: 'application/json',
    data: event.data,
  };
}

// Context attributes, and behind them our extensions.
function attributesOf(event: RecordedEvent, logId: string) {
  const { correlation_id, causation_id, traceparent } = event.metadata;
  const type = cloudEventType(event.type, event.schema_version);
  return {
    specversion: '1.0',
    id: event.id,
    source,
    type,
    subject: event.stream,
    time: event.recorded_at,
    dataschema: `${source}:schema:${type}`,
    partitionkey: keyOf(event),
    position: event.position,
    streamversion: event.version,
    logid: logId,
    correlationid: correlation_id,
    ...(causation_id !== undefined && { causationid: causation_id }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** The bytes a message takes in a batch, overhead included, rather too many than too few. */
export function messageBytes({ key, value, headers = {} }: Message): number {
  let bytes = 70 + Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '');
  for (const [name, header] of Object.entries(headers)) {
    bytes += 4 + Buffer.byteLength(name) + Buffer.byteLength(String(header));
  }
  return bytes;
}
