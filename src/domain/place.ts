/** A place: an identified geographic entity. Names are labels; nothing is ever joined on them. */
import { Type } from 'typebox';
import { type CommandOf, type Decider, decideBy, type EventOf, Rejection } from './decider.ts';
import { type RegistryRejection, registerOnce } from './registry.ts';
import {
  ExternalId,
  Language,
  list,
  PlaceEntityId,
  PlaceId,
  strictObject,
  Text,
} from './vocabulary.ts';

// GeoJSON order (RFC 7946, 3.1.1): longitude, latitude; WGS 84 degrees. As a plain array, for not
// every reader of JSON Schema knows tuples; the latitude's own bounds are the decider's.
const Point = Type.Array(Type.Number({ minimum: -180, maximum: 180 }), {
  minItems: 2,
  maxItems: 2,
  description: 'Longitude and latitude, in this order.',
});
const latitudeMax = 90;

const body = {
  name: Text,
  aliases: Type.Optional(list(Text)),
  point: Type.Optional(Point),
  within: Type.Optional(PlaceId),
  external_ids: Type.Optional(list(ExternalId)),
};
const alias = { alias: Text, language: Type.Optional(Language) };

export const placeEvents = {
  PlaceRegistered: Type.Object({ place_id: PlaceEntityId, ...body }),
  PlaceAliasAdded: Type.Object({ place_id: PlaceEntityId, ...alias }),
};
export type PlaceEvent = EventOf<typeof placeEvents>;

type Registered = Extract<PlaceEvent, { type: 'PlaceRegistered' }>['data'];
type State = { readonly registered?: Registered; readonly names: readonly string[] };

export const placeCommands = {
  RegisterPlace: strictObject(body),
  AddPlaceAlias: strictObject(alias),
};
export type PlaceCommand = CommandOf<typeof placeCommands>;
export type PlaceRejection = RegistryRejection | 'place-unknown' | 'point-impossible';

/** `place-{id}`: registered once; a name that it has already is no news. */
export const place: Decider<State, PlaceCommand, PlaceEvent, PlaceRejection> = {
  category: 'place',
  initialState: { names: [] },
  evolve: {
    PlaceRegistered: (_state, data) => ({
      registered: data,
      names: [data.name, ...(data.aliases ?? [])],
    }),
    PlaceAliasAdded: (state, data) => ({ ...state, names: [...state.names, data.alias] }),
  },
  decide: decideBy<State, PlaceCommand, PlaceEvent, PlaceRejection>({
    RegisterPlace: (data, { registered }, place_id) => {
      const [, latitude = 0] = data.point ?? [];
      if (Math.abs(latitude) > latitudeMax) {
        return new Rejection('point-impossible', 'no such point is on earth', [
          { pointer: '/point/1', detail: `a latitude is within ${latitudeMax} degrees` },
        ]);
      }
      return registerOnce(registered, { type: 'PlaceRegistered', data: { place_id, ...data } });
    },
    AddPlaceAlias: (data, { registered, names }, place_id) => {
      if (registered === undefined) return new Rejection('place-unknown', 'there is no such place');
      if (names.includes(data.alias)) return [];
      return [{ type: 'PlaceAliasAdded', data: { place_id, ...data } }];
    },
  }),
};
