/** What is asked for at a read site, and belongs where the log is. */
import type { Db } from '../db.ts';
import { readSite } from '../mirror/site.ts';
import { UsageError } from './exit.ts';

/** Throws at the database of a read site: its topics are those of another, as `what` would be. */
export async function refuseAtReadSite(db: Db, what: string): Promise<void> {
  if ((await readSite(db)).role === 'primary') return;
  throw new UsageError(
    `the database is the mirror of a read site, and ${what}: run it where the log is recorded`,
  );
}
