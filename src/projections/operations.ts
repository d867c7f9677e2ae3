/** Operations, as far as their actors tell of them, and the movements of forces. */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import type { DataOf } from '../domain/catalogue.ts';
import { type ForceEvent, forceEvents } from '../domain/force.ts';
import { type OperationEvent, operationEvents } from '../domain/operation.ts';
import { type OperationState, operationAfter } from '../domain/operation-state.ts';
import type { Recorded } from '../domain/recorded.ts';
import { prepared } from '../pooled-client.ts';
import type { Fact, Projection } from './projection.ts';
import { heldByKey, madeBy } from './rows.ts';
import type { At } from './vintage.ts';

/** What was said of a movement, and by which event. */
export type Movement<T extends ForceEvent['type']> = DataOf<T> & { readonly event_id: string };

/** A row per operation, by its stream; a row per movement. */
export const operations: Projection = {
  name: 'operations',
  version: 1,
  types: [...Object.keys(operationEvents), ...Object.keys(forceEvents)],
  tables: {
    operations: { columns: { conflict_id: 'text' }, indexes: ['conflict_id, key'] },
    movements: {
      columns: { conflict_id: 'text', type: 'text' },
      indexes: ['conflict_id, type'],
      once: true,
    },
  },
  hint({ stream, type }, want) {
    if (!(type in forceEvents)) want('operations', stream);
  },
  project(event, { operations, movements }) {
    if (isMovement(event)) {
      const { type, data, id: event_id, position } = event;
      const { conflict_id } = data;
      movements?.put(String(position), { conflict_id, type, body: { event_id, ...data } });
      return;
    }
    const before = operations?.get(event.stream)?.body as OperationState | undefined;
    const body = operationAfter(before, event as Recorded<OperationEvent>);
    if (body !== before) operations?.put(event.stream, { conflict_id: body.conflict_id, body });
  },
};

/** The operations of a conflict, by id. */
export async function listOperations(
  db: Db,
  { as_of, table }: At,
  conflictId: string,
): Promise<OperationState[]> {
  const { rows } = await sql<{ body: OperationState }>`${prepared}
    select body from ${heldByKey(table(operations, 'operations'), {
      position: as_of.position,
      conflict: conflictId,
    })} t order by key`.execute(db);
  return rows.map(({ body }) => body);
}

/** The last movements of a type in a conflict, in the order of the log, and how many there are. */
export async function lastMovements<T extends ForceEvent['type']>(
  db: Db,
  { as_of, table }: At,
  { conflict, type, limit }: { conflict: string; type: T; limit: number },
): Promise<{ total: number; last: Movement<T>[] }> {
  const ofType = sql`
    from ${sql.table(table(operations, 'movements'))} t
    where conflict_id = ${conflict} and type = ${type} and ${madeBy(as_of.position)}`;
  const [counted, { rows }] = await Promise.all([
    sql<{ total: number }>`${prepared} select count(*) as total ${ofType}`.execute(db),
    sql<{ body: Movement<T> }>`${prepared}
      select body ${ofType} order by since desc limit ${sql.lit(limit)}`.execute(db),
  ]);
  return { total: counted.rows[0]?.total ?? 0, last: rows.map(({ body }) => body).reverse() };
}

function isMovement(event: Fact): event is Fact & Recorded<ForceEvent> {
  return event.type in forceEvents;
}
