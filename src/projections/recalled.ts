/**
 * What a row is beyond what is stored of it: what the log tells by one event, which the row points
 * to. So no version says again what is recorded already; see docs/decisions/0018.
 */
import { type EventsTable, parseInstant } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import type { Row } from './rows.ts';

/** An event as it is recalled: in today's shape. */
export type ToldEvent = Pick<
  EventsTable,
  'id' | 'position' | 'version' | 'type' | 'schema_version' | 'recorded_at' | 'data'
>;
export type Recalled = {
  /** The column that has the event's position. */
  readonly column: string;
  /** The members that are not stored, of the event and of what is. */
  readonly members: (event: ToldEvent, body: never) => Readonly<Record<string, object>>;
};
/** A row as `tellingOf` has it selected. Null for an event that is not there. */
export type ToldRow = Pick<Row, 'body'> & { readonly told: ToldEvent | null };

/** The members of a row that are not stored. Throws where the log does not have its event. */
export function recall<R extends Recalled>(
  { members }: R,
  { told, body }: ToldRow,
): ReturnType<R['members']> {
  if (told === null) throw new Error('a row points to an event that the log does not have');
  const event = upcast({ ...told, recorded_at: parseInstant(told.recorded_at) });
  return members(event, body as never) as ReturnType<R['members']>;
}

/** What to select, as text, beside the body of a row of `alias` for it to be recalled. */
export function tellingOf({ column }: Recalled, alias: string): string {
  return `(
    select json_build_object('id', e.id, 'position', e.position, 'version', e.version,
      'type', e.type, 'schema_version', e.schema_version, 'recorded_at', e.recorded_at::text,
      'data', e.data)
    from events e where e.position = ${alias}."${column}") as told`;
}
