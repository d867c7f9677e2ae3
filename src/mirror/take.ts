/** What a message of the topic is: an event to keep, or something that cannot be taken, and why. */
import type { KafkaMessage } from 'kafkajs';
import { Compile, type Validator } from 'typebox/compile';
import { catalogue, type EventType, isEventType, upcast } from '../domain/catalogue.ts';
import { type Envelope, positionOf, readEnvelope } from '../relay/message.ts';

export type RawMessage = Pick<KafkaMessage, 'key' | 'value' | 'headers'>;
/** An event of the log `logId`; its data is the JSON text that came. */
export type ArrivedEvent = Envelope & { readonly data: string };
export type Taken =
  | { readonly event: ArrivedEvent }
  /** `position` where the message says which event it is. */
  | { readonly reason: string; readonly position: number | null };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const validators = new Map<EventType, Validator>();

/**
 * An event that this release knows the type and version of, and whose data fits its schema. What
 * cannot be checked is not taken: the log it would go into cannot be mended. `isChecked` false
 * takes whatever is an event at all.
 */
export function take(message: RawMessage, isChecked = true): Taken {
  try {
    const envelope = readEnvelope(message);
    const data = utf8.decode(message.value ?? Buffer.alloc(0));
    const parsed: unknown = JSON.parse(data);
    if (typeof parsed !== 'object' || parsed === null) throw new Error('the value is no object');
    if (isChecked) check({ ...envelope, data: parsed });
    return { event: { ...envelope, data } };
  } catch (error) {
    return { reason: (error as Error).message, position: positionOf(message) };
  }
}

function check(event: { type: string; schema_version: number; data: object }): void {
  const { type, data } = upcast(event);
  // Else upcast has thrown.
  if (!isEventType(type)) return;
  let validator = validators.get(type);
  if (validator === undefined) {
    validator = Compile(catalogue[type]);
    validators.set(type, validator);
  }
  if (validator.Check(data)) return;
  const [fault] = validator.Errors(data);
  throw new Error(`the data does not fit ${type}: ${fault?.instancePath} ${fault?.message}`);
}
