/** A mirror by itself, and what it is compared by. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../src/db.ts';
import { openDb, openPool, readLogId } from '../../src/db.ts';
import type { EventStore, RecordedEvent } from '../../src/eventstore/event-store.ts';
import { type MirrorParts, type MirrorState, runMirror } from '../../src/mirror/mirror.ts';
import { settleSite } from '../../src/mirror/site.ts';
import type { ArrivedEvent } from '../../src/mirror/take.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import { Partitioners } from '../../src/relay/kafkajs.ts';
import { freshDatabase, type Test, type TestDatabase } from '../db.ts';
import { quiet } from '../relay/relaying.ts';
import { brokers } from '../service.ts';

/** A fresh database that is a mirror. */
export async function freshMirror(t: Test): Promise<TestDatabase> {
  const database = await freshDatabase(t);
  await settleSite(database.db, 'kafka');
  return database;
}

export function kafkaOf() {
  return kafkaClient({ brokers: [brokers as string] }, quiet);
}

/** A producer that sends nothing twice when it has to try again. */
export function openProducer() {
  return kafkaOf().producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
}

/** Starts to mirror, in this process; stopped after the test at the latest. */
export function startMirror(
  t: Test,
  { db, prefix, ...more }: Pick<MirrorParts, 'db' | 'prefix'> & Partial<MirrorParts>,
) {
  const stopping = new AbortController();
  const state: MirrorState = { state: 'starting' };
  const kafka = kafkaOf();
  const running = runMirror({ kafka, db, prefix, logger: quiet, state, ...more }, stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  t.teardown(stop);
  return { state, stop };
}

/** Every row of the log, as text, the running sums of bytes too. */
export async function logRows(db: Db): Promise<string[]> {
  const { rows } = await sql<{ row: string }>`
    select row(e.*)::text as row from events e order by position`.execute(db);
  return rows.map(({ row }) => row);
}

/** Every row of every table of the projections' live generations, as text, by table. */
export async function projectionRows(
  db: Db,
  projections: readonly Projection[],
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name, version, tables } of projections) {
    for (const table of Object.keys(tables)) {
      const { rows } = await sql<{ row: string }>`
        select row(t.*)::text as row from ${sql.table(`${name}_v${version}_g1_${table}`)} t
        order by 1`.execute(db);
      found[`${name} ${table}`] = rows.map(({ row }) => row);
    }
  }
  return found;
}

/** The whole log, as it comes from the topic. */
export async function arrivedFrom(db: Db, store: EventStore): Promise<ArrivedEvent[]> {
  const logId = await readLogId(db);
  const events = await store.readLog(0, 100_000, 1e9);
  return events.map((event) => arrived(event, logId));
}

export function arrived(event: RecordedEvent, logId: string = randomUUID()): ArrivedEvent {
  return { ...event, logId, data: JSON.stringify(event.data) };
}

/** A second pool on a database. */
export function openAgain(t: Test, url: string): Db {
  const db = openDb(openPool(url, () => undefined));
  t.teardown(() => db.destroy());
  return db;
}
