/**
 * How a register entry comes to be: once, and the same again is no news. Shared by its aggregates.
 */
import { Equal } from 'typebox/value';
import { type AnyDecisionCode, Rejection } from './decider.ts';

export type RegistryRejection = 'registered-otherwise' | AnyDecisionCode;

/**
 * The event of a registration, none where `known` says the same already, or the refusal where it
 * says something else: an entry is never overwritten.
 */
export function registerOnce<Event extends { readonly data: object }>(
  known: object | undefined,
  event: Event,
): readonly Event[] | Rejection<'registered-otherwise'> {
  if (known === undefined) return [event];
  if (Equal(known, event.data)) return [];
  const members = new Set([...Object.keys(known), ...Object.keys(event.data)]);
  const faults = [...members]
    .filter((member) => !Equal(memberOf(known, member), memberOf(event.data, member)))
    .map((member) => ({ pointer: `/${member}`, detail: 'differs from what is registered' }));
  return new Rejection('registered-otherwise', 'this id is registered with other content', faults);
}

function memberOf(object: object, member: string): unknown {
  return (object as Record<string, unknown>)[member];
}
