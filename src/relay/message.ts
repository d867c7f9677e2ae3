/** An event as a Kafka message: CloudEvents 1.0, Kafka protocol binding, binary content mode. */
import type { KafkaMessage, Message } from 'kafkajs';
import { cloudEventType, eventTypeOf } from '../domain/catalogue.ts';
import { eventIdPattern, type Metadata, type RecordedEvent } from '../eventstore/event-store.ts';

/** CloudEvents `source`: what made the events, the same for every copy of this service. */
export const source = 'urn:frontlog';

/** Which header has which member of the metadata, in their order: of all, so that none is lost. */
const metadataHeaders = {
  correlation_id: 'ce_correlationid',
  causation_id: 'ce_causationid',
  recorded_by: 'ce_recordedby',
  request_sha256: 'ce_requestsha256',
  traceparent: 'ce_traceparent',
} as const satisfies Record<keyof Metadata, string>;

/** Which header has which attribute, in their order. */
const attributeHeaders = {
  specversion: 'ce_specversion',
  id: 'ce_id',
  source: 'ce_source',
  type: 'ce_type',
  subject: 'ce_subject',
  time: 'ce_time',
  dataschema: 'ce_dataschema',
  partitionkey: 'ce_partitionkey',
  position: 'ce_position',
  streamversion: 'ce_streamversion',
  logid: 'ce_logid',
} as const satisfies Partial<Record<keyof ReturnType<typeof attributesOf>, string>>;

// Looked up with every event.
const attributeNames = Object.entries(attributeHeaders) as Entries<typeof attributeHeaders>;
const metadataNames = Object.entries(metadataHeaders) as Entries<typeof metadataHeaders>;
type Entries<T> = [name: keyof T, header: T[keyof T]][];

/** The message key: events of one conflict, and else of one stream, keep their order. */
export function keyOf({ data, stream }: Pick<RecordedEvent, 'data' | 'stream'>): string {
  return (data as { conflict_id?: string }).conflict_id ?? stream;
}

/** The message; its value is the event's data, byte for byte as it was appended. */
export function toMessage(event: RecordedEvent, logId: string): Message {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const attributes = attributesOf(event, logId);
  for (const [name, header] of attributeNames) headers[header] = String(attributes[name]);
  for (const [member, header] of metadataNames) {
    const value = event.metadata[member];
    if (value !== undefined) headers[header] = value;
  }
  return { key: keyOf(event), value: JSON.stringify(event.data), headers };
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

/** Those that every event has. A topic of before they were published has to be made anew. */
const always: readonly string[] = [metadataHeaders.correlation_id, metadataHeaders.recorded_by];

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

/** Which event of which log a message says that it is. */
export type Envelope = Omit<RecordedEvent, 'data'> & { readonly logId: string };

/**
 * What the headers say: the other way round of `toMessage`. Throws, with what is wrong, where they
 * are not those of an event.
 */
export function readEnvelope({ headers = {} }: Pick<KafkaMessage, 'headers'>): Envelope {
  const find = (name: string): string | undefined => {
    const value = headers[name];
    return value === undefined ? undefined : String(value);
  };
  const read = (name: string, pattern: RegExp): string => {
    const value = find(name);
    if (value === undefined) throw new Error(`the header ${name} is missing`);
    if (!pattern.test(value)) throw new Error(`the header ${name} is no ${name.slice(3)}`);
    return value;
  };
  const position = positionOf({ headers });
  if (position === null) throw new Error('the header ce_position is no position');
  const recorded_at = read('ce_time', instant);
  if (Number.isNaN(Date.parse(recorded_at))) throw new Error('the header ce_time is no time');
  const { type, version: schema_version } = eventTypeOf(read('ce_type', /^[!-~]{1,256}$/));
  const metadata = metadataNames.flatMap(([member, header]) => {
    const value = always.includes(header) ? read(header, /^/) : find(header);
    return value === undefined ? [] : [[member, value]];
  });
  return {
    logId: read('ce_logid', eventIdPattern),
    position,
    id: read('ce_id', eventIdPattern),
    stream: read('ce_subject', /^[^\0]{1,256}$/),
    version: Number(read('ce_streamversion', /^[1-9]\d{0,8}$/)),
    ...{ type, schema_version },
    recorded_at,
    metadata: Object.fromEntries(metadata) as Metadata,
  };
}

/** The position that a message says it has, whatever else it says. */
export function positionOf({ headers = {} }: Pick<KafkaMessage, 'headers'>): number | null {
  const text = String(headers.ce_position);
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

/** The bytes a message takes in a batch, overhead included, rather too many than too few. */
export function messageBytes({ key, value, headers = {} }: Message): number {
  let bytes = 70 + Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '');
  for (const [name, header] of Object.entries(headers)) {
    bytes += 4 + Buffer.byteLength(name) + Buffer.byteLength(String(header));
  }
  return bytes;
}
