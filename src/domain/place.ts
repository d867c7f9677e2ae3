/** A place: an identified geographic entity. Names are labels; nothing is ever joined on them. */
import { type Static, Type } from 'typebox';
import type { Decider, EventOf } from './decider.ts';
import { registerOnce } from './registry.ts';
import { ExternalId, list, PlaceEntityId, PlaceId, strictObject, Text } from './vocabulary.ts';

// GeoJSON order (RFC 7946, 3.1.1): longitude, latitude; WGS 84 degrees.
const Point = Type.Tuple(
  [Type.Number({ minimum: -180, maximum: 180 }), Type.Number({ minimum: -90, maximum: 90 })],
  { minItems: 2, maxItems: 2, additionalItems: false },
);

const body = {
  name: Text,
  aliases: Type.Optional(list(Text)),
  point: Type.Optional(Point),
  within: Type.Optional(PlaceId),
  external_ids: Type.Optional(list(ExternalId)),
};

export const placeEvents = {
  PlaceRegistered: Type.Object({ place_id: PlaceEntityId, ...body }),
};
export type PlaceEvent = EventOf<typeof placeEvents>;

type State = { registered?: PlaceEvent['data'] };

export const RegisterPlace = strictObject(body);
export type PlaceCommand = {
  readonly type: 'RegisterPlace';
  readonly id: string;
  readonly data: Static<typeof RegisterPlace>;
};
export type PlaceRejection = 'registered-otherwise';

/** `place-{id}`: registered once. */
export const place: Decider<State, PlaceCommand, PlaceEvent, PlaceRejection> = {
  category: 'place',
  initialState: {},
  evolve: {
    PlaceRegistered: (_state, data) => ({ registered: data }),
  },
  decide: (command, state) =>
    registerOnce(state.registered, {
      type: 'PlaceRegistered',
      data: { place_id: command.id, ...command.data },
    }),
};
