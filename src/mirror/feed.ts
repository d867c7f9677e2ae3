/** What came of the topic, into the mirror: the other side of `migrations/0007_mirror.sql`. */
import { sql } from 'kysely';
import { type Db, readHead } from '../db.ts';
import {
  int2Array,
  int4Array,
  int8Array,
  jsonArray,
  textArray,
  uuidArray,
} from '../eventstore/binary-array.ts';
import { recordDeadLetters } from './dead-letters.ts';
import { type ArrivedEvent, type RawMessage, take } from './take.ts';

export type Arrival = {
  readonly topic: string;
  readonly partition: number;
  readonly message: RawMessage & { readonly offset: string; readonly timestamp: string };
};

/**
 * The topic and the mirror are not of one history: another log, or another event at a position. It
 * does not pass by itself.
 */
export class MirrorRefused extends Error {}

/**
 * Takes what came, all of it in one transaction: events into the log, or into its waiting room;
 * what is none into the dead letters. In any order, and any number of times. Answers with the head.
 * Throws `MirrorRefused`, and takes nothing.
 */
export async function feed(db: Db, arrivals: readonly Arrival[]): Promise<number> {
  const taken = arrivals.map((arrival) => ({ arrival, taken: take(arrival.message) }));
  const events = taken.flatMap(({ taken }) => ('event' in taken ? [taken.event] : []));
  const letters = taken.flatMap(({ arrival, taken }) =>
    'reason' in taken ? [{ ...arrival, ...taken }] : [],
  );
  if (letters.length === 0) return feedEvents(db, events);
  return db.transaction().execute(async (transaction) => {
    await recordDeadLetters(transaction, letters);
    return feedEvents(transaction, events);
  });
}

/** Takes events; answers with the head. Throws `MirrorRefused`, and takes none. */
export async function feedEvents(db: Db, arrived: readonly ArrivedEvent[]): Promise<number> {
  const events = withoutCopies(arrived);
  const [first] = events;
  if (first === undefined) return readHead(db);
  const metadatas = events.map(({ metadata }) => JSON.stringify(metadata));
  const sizes = events.map(
    ({ data }, i) => Buffer.byteLength(data) + Buffer.byteLength(metadatas[i] as string),
  );
  try {
    const { rows } = await sql<{ head: number }>`
      select feed_events(
        ${first.logId}::uuid,
        ${int8Array(events.map(({ position }) => position))}::bigint[],
        ${uuidArray(events.map(({ id }) => id))}::uuid[],
        ${textArray(events.map(({ stream }) => stream))}::text[],
        ${int4Array(events.map(({ version }) => version))}::integer[],
        ${textArray(events.map(({ type }) => type))}::text[],
        ${int2Array(events.map(({ schema_version }) => schema_version))}::smallint[],
        ${textArray(events.map(({ recorded_at }) => recorded_at))}::text[]::timestamptz[],
        ${jsonArray(events.map(({ data }) => data))}::json[],
        ${jsonArray(metadatas)}::json[],
        ${int8Array(sizes)}::bigint[]) as head`.execute(db);
    return rows[0]?.head as number;
  } catch (error) {
    throw refusalOf(error);
  }
}

function withoutCopies(events: readonly ArrivedEvent[]): ArrivedEvent[] {
  const byPosition = new Map<number, ArrivedEvent>();
  for (const event of events) {
    const { position, id, logId } = event;
    const known = byPosition.get(position) ?? event;
    if (known.id !== id || logId !== events[0]?.logId) {
      throw new MirrorRefused(`the topic has two events at position ${position}, or of two logs`);
    }
    byPosition.set(position, known);
  }
  return [...byPosition.values()];
}

// Raised by the function itself, or by the log's own constraints: an id or a version that is taken.
function refusalOf(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  return code === '22000' || code === '23505' ? new MirrorRefused(message) : error;
}
