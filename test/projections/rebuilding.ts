/** The register's rebuild, one step at a time. */
import { pino } from 'pino';
import type { Db } from '../../src/db.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { openRebuild, type Rebuild } from '../../src/projections/rebuild.ts';
import { registry } from '../../src/projections/registry.ts';
import type { Test } from '../db.ts';

const logger = pino({ level: 'silent' });

/** Opens one as a process of its own would have it; closed with the test. */
export function rebuildOf(
  t: Test,
  { db, store, url }: { db: Db; store: EventStore; url: string },
): Rebuild {
  const connect = () => openPipeline(url);
  const rebuild = openRebuild([registry], { db, store, connect, logger });
  t.teardown(rebuild.close);
  return rebuild;
}
