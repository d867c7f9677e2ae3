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
  const { correlation_id, causation_id, traceparent } = event.metadata;
  const type = cloudEventType(event.type, event.schema_version);
  const key = keyOf(event);
  return {
    key,
    value: JSON.stringify(event.data),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: source,
      ce_type: type,
      ce_subject: event.stream,
      ce_time: event.recorded_at,
      ce_dataschema: `${source}:schema:${type}`,
      ce_partitionkey: key,
      ce_position: String(event.position),
      ce_streamversion: String(event.version),
      ce_logid: logId,
      ce_correlationid: correlation_id,
      ...(causation_id !== undefined && { ce_causationid: causation_id }),
      ...(traceparent !== undefined && { traceparent }),
    },
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
