/** Appends of single events to new streams, beside one plain insert per event, in the same run. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { type Db, migrate } from '../src/db.ts';
import { postgresEventStore } from '../src/eventstore/postgres.ts';

const runMs = 4_000;
const callers = [1, 16, 64];
const data = { text: 'x'.repeat(400) };
const metadata = { correlation_id: 'bench', recorded_by: 'bench' };

type Append = (stream: string, id: string) => Promise<unknown>;
type Figure = { callers: number; store_per_s: number; insert_per_s: number; ratio: number };

export async function benchEventStore(db: Db): Promise<Figure[]> {
  await migrate(db);
  await sql`create table plain (position bigserial primary key, id uuid unique, stream text,
    version int, data json, metadata json, unique (stream, version))`.execute(db);
  const store = postgresEventStore(db);
  const viaStore: Append = (stream, id) => {
    const event = { id, type: 'Benched', schema_version: 1, data, metadata };
    return store.append({ stream, expectedVersion: 0, events: [event] });
  };
  const viaInsert: Append = (stream, id) =>
    sql`insert into plain (id, stream, version, data, metadata) values
      (${id}, ${stream}, 1, ${JSON.stringify(data)}, ${JSON.stringify(metadata)})`.execute(db);
  await perSecond(viaStore, 16);
  const figures = [];
  for (const n of callers) {
    const store_per_s = await perSecond(viaStore, n);
    const insert_per_s = await perSecond(viaInsert, n);
    const ratio = Math.round((100 * store_per_s) / insert_per_s) / 100;
    figures.push({ callers: n, store_per_s, insert_per_s, ratio });
  }
  return figures;
}

async function perSecond(append: Append, count: number): Promise<number> {
  const started = performance.now();
  let appended = 0;
  const call = async () => {
    while (performance.now() - started < runMs) {
      const id = uuidv7();
      await append(`bench-${id}`, id);
      appended += 1;
    }
  };
  await Promise.all(Array.from({ length: count }, call));
  return Math.round((appended * 1_000) / (performance.now() - started));
}
