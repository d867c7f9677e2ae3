/** What has changed since a position, for clients that keep a copy. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import { changeKinds, changeOf, entityKinds } from '../domain/changes.ts';
import { code, EntityId } from '../domain/vocabulary.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Fact, Projection } from '../projections/projection.ts';
import { refuseBeyondLog } from '../projections/vintage.ts';
import { Cursor, Limit } from './cursors.ts';
import { conflictId } from './examples.ts';
import { answerList, listResponses, type Shown } from './formats.ts';
import { reading } from './vintage.ts';

/** How much of the log is looked at for a page, which may be short of its limit by that. */
const eventsReadMax = 5_000;
const batchEventsMax = 1_000;
const batchBytesMax = 1024 * 1024;

const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Entity = Type.Object({ kind: code(...entityKinds), id: Type.String() });
const Change = Type.Object({
  position: Type.Integer(),
  event_id: Type.String(),
  type: Type.String(),
  recorded_at: Type.String(),
  entity: Entity,
  change: code(...changeKinds),
  also: Type.Array(Entity, {
    description:
      'Others that the event names, and that are not what they were. How far a claim is checked ' +
      'may follow from others too, as from one that contradicts it and is retracted: its history ' +
      'at `/v1/claims/{id}/history` tells that.',
  }),
  cause: TextOrNull,
  reason: TextOrNull,
  field: TextOrNull,
  conflict_id: TextOrNull,
  claimant_id: TextOrNull,
  causation_id: Type.Union([Type.String(), Type.Null()], {
    description: 'The event that led to it.',
  }),
});
type Change = Static<typeof Change>;

const ChangesParameters = Type.Object(
  {
    ...reading,
    since: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        default: 0,
        description:
          'Changes after this position. Next time: after `as_of.position`, if that is greater.',
      }),
    ),
    conflict: Type.Optional(EntityId),
    kind: Type.Optional({ ...code(...entityKinds), description: 'Of the entity itself.' }),
    change: Type.Optional(code(...changeKinds)),
    limit: Limit,
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
type Query = Static<typeof ChangesParameters>;

/** Adds `GET /v1/changes`: as of where all views are, so that they show what it tells of. */
export function addChanges(
  app: FastifyInstance,
  parts: { db: Db; store: EventStore; projections: readonly Projection[] },
): void {
  app.get('/v1/changes', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listChanges',
      summary: 'What was created, corrected, retracted: for clients that keep a copy',
      description:
        'In the order of recording. So much of the log is looked at for a page, and no more: it ' +
        'may be short, or empty, and have a next one. At the end `next_cursor` is null.',
      tags: ['views'],
      querystring: ChangesParameters,
      response: listResponses(Change, shown, example),
    },
    handler: (request, reply) => {
      const query = request.query as Query;
      return answerList<Change, number>(request, reply, {
        ...{ db: parts.db, projections: parts.projections, shown },
        afterOf: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
        read: ({ as_of }, { after = query.since ?? 0, limit }) =>
          listChanges(parts, query, { after, through: as_of.position, limit }),
      });
    },
  });
}

async function listChanges(
  { db, store }: { db: Db; store: EventStore },
  { conflict, kind, change }: Query,
  { after, through, limit }: { after: number; through: number; limit: number },
): Promise<{ items: Change[]; next: string | null }> {
  const items: Change[] = [];
  let position = after;
  if (position > through) await refuseBeyondLog(db, position);
  while (items.length < limit && position < through && position - after < eventsReadMax) {
    const most = Math.min(batchEventsMax, through - position);
    for (const event of await store.readLog(position, most, batchBytesMax)) {
      if (items.length === limit) break;
      position = event.position;
      const found = shownChange(upcast(event) as Fact);
      const isWanted =
        (conflict === undefined || found.conflict_id === conflict) &&
        (kind === undefined || found.entity.kind === kind) &&
        (change === undefined || found.change === change);
      if (isWanted) items.push(found);
    }
  }
  return { items, next: position < through ? String(position) : null };
}

function shownChange(event: Fact): Change {
  const { position, id, type, recorded_at, metadata } = event;
  const { also, ...change } = changeOf(event);
  return {
    ...{ position, event_id: id, type, recorded_at },
    ...{ ...change, also: [...also] },
    causation_id: metadata.causation_id ?? null,
  };
}

const shown: Shown<Change> = {
  columns: {
    position: ({ position }) => position,
    event_id: ({ event_id }) => event_id,
    type: ({ type }) => type,
    recorded_at: ({ recorded_at }) => recorded_at,
    entity_kind: ({ entity }) => entity.kind,
    entity_id: ({ entity }) => entity.id,
    change: ({ change }) => change,
    also: ({ also }) => also,
    cause: ({ cause }) => cause,
    reason: ({ reason }) => reason,
    field: ({ field }) => field,
    conflict_id: (one) => one.conflict_id,
    claimant_id: ({ claimant_id }) => claimant_id,
    causation_id: ({ causation_id }) => causation_id,
  },
};
const example: Change = {
  position: 43,
  event_id: '0190f2d5-7a3c-7d64-8d0c-0d6f3f6f1c12',
  type: 'ClaimCorrected',
  recorded_at: '2022-09-13T00:00:00.000000Z',
  entity: { kind: 'claim', id: 'ru-mod-2022-09-12-killed' },
  change: 'corrected',
  also: [],
  cause: 'extraction_error',
  reason: 'misread',
  field: '/proposition/quantity/value',
  conflict_id: conflictId,
  claimant_id: 'ru-mod',
  causation_id: null,
};
