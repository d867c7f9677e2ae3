/** Replays as the API shows them, and as they are asked for. */
import { type Static, Type } from 'typebox';
import { type EventType, eventTypes } from '../domain/catalogue.ts';
import { code, orNull } from '../domain/vocabulary.ts';
import { StreamName } from './log.ts';

/** Part of the name of its topic. */
export const ReplayId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' });
const Position = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

export const Replay = Type.Object({
  id: Type.String(),
  topic: Type.String(),
  from_position: Type.Integer(),
  to_position: Type.Integer(),
  types: orNull(Type.Array(Type.String(), { description: 'Null: all.' })),
  stream: orNull(Type.String({ description: 'Null: all.' })),
  state: Type.String({ enum: ['running', 'done', 'cancelled'] }),
  run_by: Type.String({
    enum: ['service', 'command'],
    description: '`command`: a `frontlog replay`, which may have been left.',
  }),
  position: Type.Integer({ description: 'How far the log was read for it, a second ago.' }),
  published: Type.Integer({ description: 'Events on its topic, a second ago.' }),
  last_error: orNull(Type.String({ description: 'Why the service does not get on with it.' })),
  created_at: Type.String({ format: 'date-time' }),
});
export type Replay = Static<typeof Replay>;

/** What is asked for. */
export const NewReplay = Type.Object(
  {
    id: Type.Optional({
      ...ReplayId,
      description: 'Absent: made here. The same again is the same.',
    }),
    from_position: Position,
    to_position: Position,
    types: Type.Optional(
      Type.Array(code(...(eventTypes as [EventType, ...EventType[]])), {
        minItems: 1,
        uniqueItems: true,
        description: 'Absent: all.',
      }),
    ),
    stream: Type.Optional(StreamName),
    topic: Type.Optional(
      Type.String({
        pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,249}$',
        description: 'Made where it is missing; empty. Absent: `PREFIX.replay.ID.v1`.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ from_position: 1, to_position: 5_000, types: ['ClaimMade', 'ClaimRetracted'] }],
  },
);
export type NewReplay = Static<typeof NewReplay>;
