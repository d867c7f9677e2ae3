/** Who controls a place, as each claimant says: now, as of any moment of three, and all along. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import type { ClaimView } from '../domain/claim-state.ts';
import {
  type ControlStatement,
  controlHistoryOf,
  controlOf,
  notOfPlaceReasons,
} from '../domain/control.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import { endMs, isDate } from '../domain/times.ts';
import { Basis, code, Occurred } from '../domain/vocabulary.ts';
import { Lifecycle as LifecycleCode, statuses } from './claim-list.ts';
import type { ClaimBody } from './claim-tables.ts';
import { claims } from './claims.ts';
import { entries, findEntry } from './registry.ts';
import { heldAt } from './rows.ts';
import { readPartOf } from './sides.ts';
import { AsOf, type At } from './vintage.ts';

/** Claims that name the place among several or from afar: the last made are shown. */
const notOfPlaceMax = 100;

const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Statement = Type.Object({
  claimant_id: Type.String(),
  controller_id: OrNull(Type.String()),
  status: code('controlled', 'contested', 'unknown', 'none'),
  basis: Basis,
  verification: code(...statuses),
  occurred: OrNull(Occurred),
  asserted_at: OrNull(Type.String()),
  claim_id: Type.String(),
});
const Stated = Type.Object({
  ...Statement.properties,
  lifecycle: LifecycleCode,
  recorded_at: Type.String(),
  position: Type.Integer(),
});

/** GET /v1/places/{id}/control. */
export const Control = Type.Object({
  place: entries.place,
  as_of: Type.Object({
    ...AsOf.properties,
    said_at: OrNull(
      Type.String({ description: 'What had been said then; null: whatever was said.' }),
    ),
  }),
  statements: Type.Array(Statement, { description: 'One of each claimant.' }),
  agreement: code('uncontested', 'contested'),
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
  next_cursor: OrNull(Type.String({ description: 'Of the history.' })),
});
export type Control = Static<typeof Control>;

/** Where a page of the history begins: after what holds from then, said then, made there. */
export type StatedCursor = {
  readonly valid: string | null;
  readonly said: string | null;
  readonly position: number;
};
export type HistoryPage = { readonly after?: StatedCursor | undefined; readonly limit: number };

/** A claim of a place, with its verification. */
export type Verified = ClaimView & {
  readonly verification: Static<typeof Statement>['verification'];
  readonly lifecycle: Lifecycle;
  readonly recorded_at: string;
};

/** Control of a place as of `at`, or undefined if there is no such place. */
export async function findControl(
  db: Db,
  at: At,
  placeId: string,
  page: HistoryPage | undefined,
): Promise<(Control & { next: string | null }) | undefined> {
  const place = await findEntry(db, at, 'place', placeId);
  if (place === undefined) return undefined;
  const { valid_at } = at.as_of;
  const stating =
    valid_at === null
      ? await readCurrent(db, at, placeId)
      : await readCurrentAt(db, at, placeId, valid_at);
  const elsewhere = await readElsewhere(db, at, placeId);
  const body = await controlAmong(db, at, place, [...stating, ...elsewhere]);
  if (page === undefined) return { ...body, next_cursor: null, next: null };
  const { limit } = page;
  const history = await readHistory(db, at, placeId, { ...page, limit: limit + 1 });
  return { ...body, ...pageOf(history, limit) };
}
