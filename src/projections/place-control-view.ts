/** The schema of who controls a place. */
import { type Static, Type } from 'typebox';
import { notOfPlaceReasons } from '../domain/control.ts';
import { code, orNull } from '../domain/vocabulary.ts';
import { Lifecycle } from './claim-shape.ts';
import { entries } from './registry.ts';
import { AsOf } from './vintage.ts';
import { ControlStatement } from './war-status-view.ts';

/** Claims that name the place among several or from afar: the last made are shown. */
export const notOfPlaceMax = 100;

const Stated = Type.Object({
  ...ControlStatement.properties,
  lifecycle: Lifecycle,
  recorded_at: Type.String(),
  position: Type.Integer(),
});

/** GET /v1/places/{id}/control. */
export const Control = Type.Object({
  place: entries.place,
  as_of: Type.Object({
    ...AsOf.properties,
    said_at: orNull(
      Type.String({ description: 'What had been said then; null: whatever was said.' }),
    ),
  }),
  statements: Type.Array(ControlStatement, {
    description:
      'One of each claimant: the last begun by `valid_at`, unless the end it gave is past; ' +
      'without `valid_at` the last said, also where it has ended.',
  }),
  agreement: {
    ...code('uncontested', 'contested'),
    description: 'Whether the statements, each of its own time, can all be true.',
  },
  not_of_place: Type.Array(
    Type.Object({
      claim_id: Type.String(),
      reason: code(...(Object.keys(notOfPlaceReasons) as [keyof typeof notOfPlaceReasons])),
      description: Type.String(),
    }),
    {
      description:
        'Claims about control that name the place, and state nothing of it alone; ' +
        `the last ${notOfPlaceMax} made.`,
    },
  ),
  history: Type.Optional(
    Type.Array(Stated, {
      description:
        'With `history=true`, a page of all that was stated, in the order in which it holds.',
    }),
  ),
  next_cursor: orNull(Type.String({ description: 'Of the history.' })),
});
export type Control = Static<typeof Control>;
