/** An append as it is sent, and the limits it is held to before anything is sent. */
import { type Append, eventIdPattern, type NewEvent, TooLarge } from './event-store.ts';

export const eventBytesMax = 512 * 1024;
export const appendEventsMax = 100;
export const streamLengthMax = 256;
export const typeLengthMax = 128;

/** An append with its events' data and metadata as JSON text, each without a line break. */
export type EncodedAppend = {
  readonly append: Append;
  readonly datas: readonly string[];
  readonly metadatas: readonly string[];
  /** Of each event's data and metadata, in UTF-8. */
  readonly sizes: readonly number[];
  /** Their sum. */
  readonly bytes: number;
};

const schemaVersionMax = 32_767;
const versionMax = 2_147_483_647;

/**
 * The append as JSON text. Throws `TooLarge` over a limit, and a `TypeError` for what no caller may
 * send: one bad append would fail the whole batch that it is in.
 */
export function encode(append: Append): EncodedAppend {
  const { stream, expectedVersion, events } = append;
  checkName('stream', stream, streamLengthMax);
  if (expectedVersion !== 'any' && !isIntegerWithin(expectedVersion, 0, versionMax)) {
    throw new TypeError(`expected version ${expectedVersion} is not a version`);
  }
  if (events.length < 1 || events.length > appendEventsMax) {
    throw new TooLarge(`an append holds 1 to ${appendEventsMax} events, not ${events.length}`);
  }
  if (events.length > 1 && new Set(events.map(({ id }) => id)).size < events.length) {
    throw new TypeError('two events of the append have the same id');
  }
  const datas: string[] = [];
  const metadatas: string[] = [];
  const sizes: number[] = [];
  for (const event of events) {
    checkEvent(event);
    const { data, metadata, bytes } = weighed.get(event) ?? textsOf(event);
    if (bytes > eventBytesMax) throw new TooLarge(oversize(bytes));
    datas.push(data);
    metadatas.push(metadata);
    sizes.push(bytes);
  }
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { append, datas, metadatas, sizes, bytes };
}

/** What is wrong with an event of so many bytes, where there are too many. */
export function oversize(bytes: number): string {
  return `an event holds at most ${eventBytesMax} bytes, not ${bytes}`;
}

type Texts = { readonly data: string; readonly metadata: string; readonly bytes: number };
// Who asks what an event weighs most often appends it: it is made into text once.
const weighed = new WeakMap<NewEvent, Texts>();

/** Of the event's data and metadata, as they are stored. */
export function bytesOf(event: NewEvent): number {
  const texts = textsOf(event);
  weighed.set(event, texts);
  return texts.bytes;
}

function textsOf(event: NewEvent): Texts {
  const data = JSON.stringify(event.data);
  const metadata = JSON.stringify(event.metadata);
  return { data, metadata, bytes: Buffer.byteLength(data) + Buffer.byteLength(metadata) };
}

function checkEvent({ id, type, schema_version, data, metadata }: NewEvent): void {
  if (!eventIdPattern.test(id)) throw new TypeError(`event id ${id} is not a UUID in lower case`);
  checkName('event type', type, typeLengthMax);
  if (!isIntegerWithin(schema_version, 1, schemaVersionMax)) {
    throw new TypeError(`schema version ${schema_version} is not from 1 to ${schemaVersionMax}`);
  }
  for (const object of [data, metadata]) {
    if (typeof object !== 'object' || object === null) throw new TypeError('data is no object');
  }
}

function checkName(what: string, name: string, lengthMax: number): void {
  if (name.length > lengthMax) {
    throw new TooLarge(`a ${what} has at most ${lengthMax} characters, not ${name.length}`);
  }
  // PostgreSQL refuses NUL in text, and a lone surrogate would be stored as another character.
  if (name === '' || name.includes('\0') || !name.isWellFormed()) {
    throw new TypeError(`${JSON.stringify(name)} is no ${what}`);
  }
}

function isIntegerWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
