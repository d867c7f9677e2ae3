/** A process that projects and rebuilds, to be killed: `node projecting.ts URL`. */
import { pino } from 'pino';
import { openDb, openPool } from '../../src/db.ts';
import { postgresEventStore } from '../../src/eventstore/postgres.ts';
import { manualWakeup } from '../../src/eventstore/wakeup.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { runProjections } from '../../src/projections/projector.ts';
import { runRebuilds } from '../../src/projections/rebuild.ts';
import { projections } from '../../src/service.ts';

const [url] = process.argv.slice(2) as [string];
const onError = () => undefined;
const pool = openPool(url, onError);
const db = openDb(pool);
const store = postgresEventStore({
  db,
  pool,
  connect: () => openPipeline(url),
  onError,
});
const connect = () => openPipeline(url);
const logger = pino({ level: 'silent' });
const parts = { db, store, connect, wakeup: manualWakeup(20), logger };
const { signal } = new AbortController();
process.send?.('running');
await Promise.all([
  runProjections(projections, parts, signal),
  runRebuilds(projections, parts, signal),
]);
