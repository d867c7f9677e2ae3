/** Every event type there is. A type that is missing here can be neither recorded nor read. */
import type { Static } from 'typebox';
import { actorEvents } from './actor.ts';
import { agreementEvents } from './agreement.ts';
import { claimEvents, claimUpcasters } from './claim.ts';
import { conflictEvents } from './conflict.ts';
import type { Upcasters } from './decider.ts';
import { forceEvents } from './force.ts';
import { negotiationEvents } from './negotiation.ts';
import { operationEvents } from './operation.ts';
import { placeEvents } from './place.ts';
import { reportEvents } from './report.ts';

/** Event type to the schema of its data, as written today. */
export const catalogue = {
  ...conflictEvents,
  ...actorEvents,
  ...placeEvents,
  ...reportEvents,
  ...claimEvents,
  ...forceEvents,
  ...operationEvents,
  ...negotiationEvents,
  ...agreementEvents,
};

export type EventType = keyof typeof catalogue;
export type DataOf<T extends EventType> = Static<(typeof catalogue)[T]>;
export const eventTypes = Object.keys(catalogue) as EventType[];

const upcasters: Upcasters<typeof catalogue> = { ...claimUpcasters };

/** The version of the shape in which an event of `type` is written today. */
export function schemaVersionOf(type: EventType): number {
  return 1 + (upcasters[type]?.length ?? 0);
}

/**
 * `event` with its data in today's shape, whatever its version. Throws for a type or a version that
 * the catalogue does not know: it was written by a later release.
 */
export function upcast<E extends { type: string; schema_version: number; data: unknown }>(
  event: E,
): E {
  const { type, schema_version } = event;
  if (!isEventType(type)) throw new Error(`the event type ${type} is not in the catalogue`);
  const current = schemaVersionOf(type);
  if (schema_version === current) return event;
  if (schema_version > current) throw new Error(`${type} of version ${schema_version} is unknown`);
  let data = event.data as Record<string, unknown>;
  for (const lift of upcasters[type]?.slice(schema_version - 1) ?? []) data = lift(data);
  return { ...event, schema_version: current, data };
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(catalogue, type);
}

/** The CloudEvents type: `ClaimMade` is `frontlog.claim-made.v1`. */
export function cloudEventType(type: string, version: number): string {
  return `frontlog.${type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.v${version}`;
}

/** The other way round, also of a type that is not in the catalogue. Throws where it is none. */
export function eventTypeOf(name: string): { type: string; version: number } {
  const [, words, version] = /^frontlog\.([a-z]+(?:-[a-z]+)*)\.v([1-9]\d{0,3})$/.exec(name) ?? [];
  if (words === undefined) throw new Error(`${name} is no type of an event`);
  const type = words.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { type, version: Number(version) };
}
