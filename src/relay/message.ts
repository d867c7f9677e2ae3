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

// Looked up with every event.
const metadataNames = Object.entries(metadataHeaders) as [keyof Metadata, string][];
const kinds = new Map<string, Kind>();

/** The message key: events of one conflict, and else of one stream, keep their order. */
export function keyOf({ data, stream }: Pick<RecordedEvent, 'data' | 'stream'>): string {
  return (data as { conflict_id?: string }).conflict_id ?? stream;
}

/** The message; its value is the event's data, byte for byte as it was appended. */
export function toMessage(event: RecordedEvent, logId: string): Message {
  const { type, dataschema } = kindOf(event);
  const key = keyOf(event);
  // Written out: gathered from `attributesOf` they would take three times as long.
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: source,
    ce_type: type,
    ce_subject: event.stream,
    ce_time: event.recorded_at,
    ce_dataschema: dataschema,
    ce_partitionkey: key,
    ce_position: String(event.position),
    ce_streamversion: String(event.version),
    ce_logid: logId,
  };
  for (const [member, header] of metadataNames) {
    const value = event.metadata[member];
    if (value !== undefined) headers[header] = value;
  }
  return { key, value: JSON.stringify(event.data), headers };
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
  const { type, dataschema } = kindOf(event);
  return {
    specversion: '1.0',
    id: event.id,
    source,
    type,
    subject: event.stream,
    time: event.recorded_at,
    dataschema,
    partitionkey: keyOf(event),
    position: event.position,
    streamversion: event.version,
    logid: logId,
    correlationid: correlation_id,
    ...(causation_id !== undefined && { causationid: causation_id }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

type Kind = { readonly type: string; readonly dataschema: string };

// As many as there are types of events in the log, of all versions.
function kindOf({ type, schema_version }: RecordedEvent): Kind {
  const name = `${type} ${schema_version}`;
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const named = cloudEventType(type, schema_version);
  const kind = { type: named, dataschema: `${source}:schema:${named}` };
  kinds.set(name, kind);
  return kind;
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
  for (const name in headers) {
    // Their names are ours, and ASCII.
    bytes += 4 + name.length + Buffer.byteLength(String(headers[name]));
  }
  return bytes;
}
