/** The log in PostgreSQL. Its guarantees are kept by `append_events` (migrations/0001_log.sql). */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Db, isConnectionError } from '../db.ts';
import type { AppendResult, EventStore, RecordedEvent } from './event-store.ts';
import { type EncodedAppend, groupCommit } from './group-commit.ts';

const attemptsMax = 4;
const retryDelayMs = 50;
const knownStreamsMax = 100_000;

type ResultRow = {
  outcome: AppendResult['outcome'];
  version: number;
  last_position: number | null;
};

/** Several stores, in any number of processes, may share one database. */
export function postgresEventStore(db: Db): EventStore {
  // Streams never end, so that one exists may be remembered for good.
  const known = new Set<string>();
  return {
    append: groupCommit((batch) => appendWithRetry(db, batch)),

    readStream: (stream) =>
      selectEvents(db).where('stream', '=', stream).orderBy('version').execute(),

    readLog: (position, limit) =>
      selectEvents(db).where('position', '>', position).orderBy('position').limit(limit).execute(),

    findEvent: (id) => selectEvents(db).where('id', '=', id).executeTakeFirst(),

    async findMissingStreams(streams) {
      const unsure = [...new Set(streams)].filter((stream) => !known.has(stream));
      if (unsure.length === 0) return [];
      const rows = await db
        .selectFrom('events')
        .select('stream')
        .where('stream', 'in', unsure)
        .where('version', '=', 1)
        .execute();
      if (known.size > knownStreamsMax) known.clear();
      for (const row of rows) known.add(row.stream);
      return unsure.filter((stream) => !known.has(stream));
    },

    async head() {
      const row = await db
        .selectFrom('events')
        .select('position')
        .orderBy('position', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row?.position ?? 0;
    },
  };
}

// Same batch, same ids: if the first try did commit, the second finds duplicates.
async function appendWithRetry(db: Db, batch: EncodedAppend[]): Promise<AppendResult[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await appendBatch(db, batch);
    } catch (error) {
      if (attempt === attemptsMax || !isConnectionError(error)) throw error;
      await sleep(retryDelayMs * attempt);
    }
  }
}

async function appendBatch(db: Db, batch: EncodedAppend[]): Promise<AppendResult[]> {
  const appends = batch.map(({ append }) => append);
  const events = appends.flatMap((append) => append.events);
  const { rows } = await sql<ResultRow>`
    select outcome, version, last_position from append_events(
      ${appends.map((append) => append.stream)}::text[],
      ${appends.map(({ expectedVersion: v }) => (v === 'any' ? -1 : v))}::int[],
      ${appends.map((append) => append.events.length)}::int[],
      ${events.map((event) => event.id)}::uuid[],
      ${events.map((event) => event.type)}::text[],
      ${events.map((event) => event.schema_version)}::smallint[],
      ${batch.flatMap(({ datas }) => datas)}::text[],
      ${batch.flatMap(({ metadatas }) => metadatas)}::text[])`.execute(db);
  return rows.map(({ outcome, version, last_position: position }) =>
    outcome === 'stored' || outcome === 'duplicate'
      ? { outcome, version, position: position as number }
      : { outcome, currentVersion: version },
  );
}

function selectEvents(db: Db) {
  return db.selectFrom('events').selectAll().$castTo<RecordedEvent>();
}
