/** What the timeline can be asked for. */
import { Type } from 'typebox';
import { type EventType, eventTypes } from '../domain/catalogue.ts';
import { code, EntityId, Moment, PlaceEntityId } from '../domain/vocabulary.ts';
import { BoxText } from './boxes.ts';
import { Cursor, Limit } from './cursors.ts';
import { reading } from './vintage.ts';

const described = (description: string) => Type.Optional({ ...Moment, description });

/** Query parameters that a stream of items has too: what its event alone tells. */
export const eventFilters = {
  conflict: Type.Optional(EntityId),
  type: Type.Optional(code(...(eventTypes as [EventType, ...EventType[]]))),
  claimant: Type.Optional(EntityId),
  actor: Type.Optional({ ...EntityId, description: 'Any actor that it names, in any role.' }),
  place: Type.Optional(PlaceEntityId),
};

/** Query parameters of the timeline. */
export const TimelineParameters = Type.Object(
  {
    ...reading,
    ...eventFilters,
    area: Type.Optional({
      ...PlaceEntityId,
      description: 'A place, such as `iso:UA-63`, or any that is within it, at any depth.',
    }),
    bbox: Type.Optional(BoxText),
    occurred_from: described(
      'What is said to have happened then or later, in part at least. Of a span both ends are in ' +
        'it; a date is a day of UTC.',
    ),
    occurred_to: described('What is said to have happened then or before, in part at least.'),
    recorded_from: described('Recorded then or later.'),
    recorded_to: described('Recorded then or before.'),
    published_from: described('Published then or later; see `published_at` of an item.'),
    published_to: described('Published then or before.'),
    verification: Type.Optional({
      ...code('unverified', 'could_not_verify', 'corroborated', 'disputed', 'verified', 'refuted'),
      description: 'What is about a claim of that status now.',
    }),
    lifecycle: Type.Optional({
      ...code('active', 'corrected', 'superseded', 'retracted'),
      description: 'What is about a claim that is so now.',
    }),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          'Words, in any case and order. Each is found as a whole word in the summary (a ' +
          'headline, a goal, a reason are in it), in the quote or its translation, or in any ' +
          'name, alias or former name of an actor or place that the item is about.',
      }),
    ),
    sort: Type.Optional(
      Type.Unsafe<'occurred' | 'position'>({
        type: 'string',
        enum: ['occurred', 'position'],
        default: 'occurred',
        description:
          'By when it happened, else when it was said, published, recorded; or by position.',
      }),
    ),
    order: Type.Optional(
      Type.Unsafe<'asc' | 'desc'>({ type: 'string', enum: ['asc', 'desc'], default: 'desc' }),
    ),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
