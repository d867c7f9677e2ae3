/** Histories that the domain itself decides, over a few streams, as a log that tests can read. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { Db } from '../../src/db.ts';
import { acts, commandDataOf } from '../../src/domain/acts.ts';
import { type EventType, schemaVersionOf, upcast } from '../../src/domain/catalogue.ts';
import { foldOnto, Rejection } from '../../src/domain/decider.ts';
import type { EventStore, RecordedEvent } from '../../src/eventstore/event-store.ts';
import { tableOf } from '../../src/projections/rows.ts';
import type { At } from '../../src/projections/vintage.ts';

type Past = { type: EventType; schema_version: number; data: Record<string, unknown> };
const past: Past[] = JSON.parse(
  await readFile(new URL('../domain/history.json', import.meta.url), 'utf8'),
);
const commands = past.map(upcast).map(({ type, data }) => {
  return { act: acts[type], data: commandDataOf(type, data).data };
});
const claims = commands.filter(({ act }) => act.idMember === 'claim_id');

const someCommand = fc.record({
  // Of claims more than the rest: they have the longest lives.
  command: fc.oneof(fc.constantFrom(...commands), fc.constantFrom(...claims)),
  id: fc.constantFrom('x1', 'x2'),
  asserted_at: fc.constantFrom(undefined, '2022-09-11', '2022-09-12T10:00:00+07:00'),
});

// Of the conflict that all acts are of, and the claims that the others are about.
const first = ['ConflictRegistered', 'ClaimMade', 'ClaimMade'].map((type, i) => {
  const { act, data } = commands[past.findIndex((one) => one.type === type)] as Sent['command'];
  return { command: { act, data }, id: ['c1', 'x1', 'x2'][i] as string, asserted_at: undefined };
});
type Sent = { command: (typeof commands)[number]; id: string; asserted_at: string | undefined };

/** What is recorded where the commands are sent one after the other, the refused ones left out. */
export const someLog = fc.array(someCommand, { minLength: 80, maxLength: 160 }).map((more) => {
  const sent: Sent[] = [...first, ...more];
  const log: RecordedEvent[] = [];
  const states = new Map<string, unknown>();
  const versions = new Map<string, number>();
  for (const { command, id, asserted_at } of sent) {
    const { decider, command: type } = command.act;
    const stream = `${decider.category}-${id}`;
    const dated = asserted_at && 'attribution' in command.data ? { asserted_at } : {};
    const state = states.get(stream) ?? decider.initialState;
    const decided = decider.decide({ type, id, data: { ...command.data, ...dated } }, state);
    if (decided instanceof Rejection) continue;
    states.set(stream, foldOnto(decider, state, decided));
    for (const { type, data } of decided) {
      const version = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, version);
      log.push(recorded(log.length + 1, stream, version, type as EventType, data));
    }
  }
  return log;
});

/** Where a view reads as of a position, in the tables of a generation. */
export function asOf(generation: number, position: number, valid_at: string | null = null): At {
  return {
    edition: String(generation),
    as_of: { position, known_at: null, valid_at, projection_version: 1 },
    table: (one, name) => tableOf(one, generation, name),
  };
}

/** Makes the log of a database this one, whatever it was. */
export async function putLog(db: Db, log: readonly RecordedEvent[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`drop trigger if exists events_are_immutable on events`.execute(transaction);
    await transaction.deleteFrom('events').execute();
    await sql`
      insert into events
      select position, id, stream, version, type, schema_version, recorded_at, data, metadata, 0
      from json_populate_recordset(null::events, ${JSON.stringify(log)})`.execute(transaction);
  });
}

/** A store that has a log to read and no more. */
export function storeOf(log: readonly RecordedEvent[]): EventStore {
  const readLog: EventStore['readLog'] = async (after, limit) => log.slice(after, after + limit);
  return { readLog } as EventStore;
}

function recorded(
  position: number,
  stream: string,
  version: number,
  type: EventType,
  data: object,
): RecordedEvent {
  const second = String(position % 60).padStart(2, '0');
  return {
    ...{ position, stream, version, type, data },
    id: randomUUID(),
    schema_version: schemaVersionOf(type),
    recorded_at: `2022-09-13T00:00:${second}Z`,
    metadata: { correlation_id: 'c', recorded_by: 'test' },
  };
}
