/** Every event type there is. A type that is missing here can be neither recorded nor read. */
import type { Static } from 'typebox';
import { actorEvents } from './actor.ts';
import { claimEvents } from './claim.ts';
import { conflictEvents } from './conflict.ts';
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
};

export type EventType = keyof typeof catalogue;
export type DataOf<T extends EventType> = Static<(typeof catalogue)[T]>;

/** The version of each event's shape; raised together with an upcaster in its aggregate's file. */
export const schemaVersion = 1;

/** The CloudEvents type: `ClaimMade` is `frontlog.claim-made.v1`. */
export function cloudEventType(type: string, version: number): string {
  return `frontlog.${type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.v${version}`;
}
