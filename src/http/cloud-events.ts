/**
 * CloudEvents (v1.0.2, JSON format) as commands: an event says which fact it is, and the fact is
 * decided as if it came by its own route. What this service exports can be sent to it again.
 */
import type { ValidateFunction } from 'ajv';
import { Type } from 'typebox';
import { validate as isUuid, v5 as uuidv5 } from 'uuid';
import { acts, commandDataOf } from '../domain/acts.ts';
import {
  cloudEventType,
  type EventType,
  eventTypes,
  schemaVersionOf,
  upcast,
} from '../domain/catalogue.ts';
import { derivedFaults } from '../domain/derived.ts';
import { strictObject } from '../domain/vocabulary.ts';
import type { Metadata } from '../eventstore/event-store.ts';
import type { Execution } from '../eventstore/execute.ts';
import { type Fault, faultsOf } from './faults.ts';
import type { ProblemMembers } from './problem.ts';
import { strictAjv } from './validation.ts';

const attribute = Type.String({ minLength: 1, maxLength: 2_048 });

/** An event as it comes. Attributes that the log itself sets, such as `time`, are not heeded. */
const CloudEvent = Type.Object({
  specversion: Type.Literal('1.0'),
  id: attribute,
  source: attribute,
  type: Type.String({ maxLength: 128 }),
  datacontenttype: Type.Optional(Type.String({ pattern: '^application/json\\b' })),
  data: Type.Object({}),
});
type CloudEvent = {
  id: string;
  source: string;
  type: string;
  data: Record<string, unknown>;
};

// Our own name space for event ids made from source and id, which together are unique (CloudEvents
// 1.0.2, "id").
const eventNamespace = '1f7e3c9a-51c5-4c1e-9a0c-0d1f4b7f3a55';

const versions = new Map(
  eventTypes.flatMap((type) =>
    Array.from({ length: schemaVersionOf(type) }, (_, i): [string, [EventType, number]] => [
      cloudEventType(type, i + 1),
      [type, i + 1],
    ]),
  ),
);
const ajv = strictAjv();
const isCloudEvent = ajv.compile<CloudEvent>(CloudEvent);
const validators = new Map<EventType, ValidateFunction>();

/** The command behind a CloudEvent, or what is wrong with it; pointers lead into the event. */
export function executionOf(event: unknown, metadata: Metadata): Execution | ProblemMembers {
  if (!isCloudEvent(event)) {
    const errors = faultsOf(isCloudEvent.errors ?? []);
    return { status: 400, code: 'malformed', detail: 'this is no CloudEvent', errors };
  }
  const known = versions.get(event.type);
  if (known === undefined) {
    return {
      status: 400,
      code: 'malformed',
      detail: 'no event of this type is recorded here',
      errors: [{ pointer: '/type', detail: `${event.type} is not known` }],
    };
  }
  const [type, schema_version] = known;
  const data = inTodaysShape(type, schema_version, event.data);
  if (data === undefined) return atData(`is not of version ${schema_version}`);
  const said = commandDataOf(type, data);
  const errors = commandFaults(type, said);
  if (errors.length > 0) {
    return { status: 400, code: 'malformed', detail: 'the data does not fit its type', errors };
  }
  const [underived] = derivedFaults(data, '/data');
  if (underived !== undefined) return { ...atData(''), errors: [underived] };
  // Asked for several times of each event, and a hash each time.
  const ids: string[] = [];
  const eventId = (index: number) => {
    ids[index] ??= eventIdOf(event, index);
    return ids[index];
  };
  return { act: acts[type], id: said.id as string, data: said.data, eventId, metadata };
}

/** What is wrong with the command behind an event, by pointers into the event. */
export function commandFaults(type: EventType, said: { id: unknown; data: unknown }): Fault[] {
  const isValid = validatorOf(type);
  if (isValid({ id: said.id, data: said.data })) return [];
  return faultsOf(isValid.errors ?? []).map(({ pointer, detail }) => ({
    pointer: pointer.replace(/^\/id\b/, `/data/${acts[type].idMember}`),
    detail,
  }));
}

// An old shape was validated when it was recorded; here it may be anything.
function inTodaysShape(type: EventType, schema_version: number, data: Record<string, unknown>) {
  try {
    return upcast({ type, schema_version, data }).data;
  } catch {
    return undefined;
  }
}

function atData(detail: string): ProblemMembers {
  const errors = [{ pointer: '/data', detail }];
  return { status: 400, code: 'malformed', detail: 'the data does not fit its type', errors };
}

// A UUID is the event's id as it is, so that what was exported keeps its ids.
function eventIdOf({ id, source }: CloudEvent, index: number): string {
  if (index === 0 && isUuid(id)) return id.toLowerCase();
  return uuidv5(`${source} ${id} ${index}`, eventNamespace);
}

function validatorOf(type: EventType): ValidateFunction {
  const made = validators.get(type);
  if (made !== undefined) return made;
  const { idSchema, schema } = acts[type];
  const validator = ajv.compile(strictObject({ id: idSchema, data: schema }));
  validators.set(type, validator);
  return validator;
}
