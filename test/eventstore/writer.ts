/**
 * A process that appends until it is killed. It says each append on standard output before it is
 * sent (`+ id stream`) and when it is acknowledged (`= id position`), as one write each.
 */
import { writeSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { openDb, openPool } from '../../src/db.ts';
import { postgresEventStore } from '../../src/eventstore/postgres.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { append, event } from './events.ts';

const writers = 16;
const url = process.argv[2] as string;

const ignore = () => undefined;
const pool = openPool(url, ignore);
const store = postgresEventStore({
  db: openDb(pool),
  pool,
  connect: () => openPipeline(url),
  onError: ignore,
});

async function write(): Promise<never> {
  for (;;) {
    const id = uuidv7();
    const stream = `s-${id}`;
    writeSync(1, `+ ${id} ${stream}\n`);
    const result = await store.append(append(stream, [event({ id }, id)], 0));
    if ('position' in result) writeSync(1, `= ${id} ${result.position}\n`);
  }
}
await Promise.all(Array.from({ length: writers }, write));
