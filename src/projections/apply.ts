/** Folds events into the rows of a generation: loads what they ask for, stores what they make. */
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { type Fold, foldOf, Miss } from './fold.ts';
import type { Fact, Projection } from './projection.ts';
import { loadRows, saveRows, tableOf } from './rows.ts';

/** Of a batch: each is another pass over it. */
const lookAheadsMax = 4;

/** What a projection could not do with the event at `position`. */
export class HandlerFailed extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super((cause as Error).message, { cause });
    this.position = position;
  }
}

/** In the transaction that `db` is. */
export async function applyEvents(
  db: Db,
  projection: Projection,
  generation: number,
  events: readonly RecordedEvent[],
): Promise<void> {
  const facts = wantedOf(projection, events);
  if (facts.length === 0) return;
  const tables = Object.entries(projection.tables).map(([name, table]) => {
    return { name, table, stored: tableOf(projection, generation, name), fold: foldOf(table) };
  });
  const folds = Object.fromEntries(tables.map(({ name, fold }) => [name, fold]));
  const load = () =>
    Promise.all(
      tables.map(async ({ table, stored, fold }) => {
        fold.take(await loadRows(db, stored, table, fold.wanted));
      }),
    );
  for (const fact of facts) {
    for (const [name, keys] of Object.entries(projection.keysOf?.(fact) ?? {})) {
      for (const key of keys) folds[name]?.wanted.keys.add(key);
    }
  }
  await load();
  let lookAheads = 0;
  for (const [i, fact] of facts.entries()) {
    while (!projectOne(projection, fact, folds)) {
      if (lookAheads < lookAheadsMax) lookAhead(projection, facts.slice(i + 1), folds);
      lookAheads += 1;
      await load();
    }
  }
  for (const { table, stored, fold } of tables) await saveRows(db, stored, table, fold);
}

// Whether all that it asked for was there; if not, nothing of it is kept.
function projectOne(projection: Projection, fact: Fact, folds: Record<string, Fold>): boolean {
  try {
    projection.project(fact, folds);
    for (const fold of Object.values(folds)) fold.settle(fact.position);
    return true;
  } catch (cause) {
    for (const fold of Object.values(folds)) fold.discard();
    if (cause instanceof Miss) return false;
    throw new HandlerFailed(fact.position, cause);
  }
}

// What the next events will miss too is loaded with it. They are tried on rows that lack what comes
// before them, so neither what they put nor what they throw means anything.
function lookAhead(projection: Projection, facts: readonly Fact[], folds: Record<string, Fold>) {
  for (const fact of facts) {
    try {
      projection.project(fact, folds);
    } catch {
      // Wanted now, or no matter: it is projected in its turn.
    } finally {
      for (const fold of Object.values(folds)) fold.discard();
    }
  }
}

function wantedOf(projection: Projection, events: readonly RecordedEvent[]): Fact[] {
  const types = new Set(projection.types);
  return events
    .filter(({ type }) => types.has(type))
    .map((event) => {
      try {
        return upcast(event) as Fact;
      } catch (cause) {
        throw new HandlerFailed(event.position, cause);
      }
    });
}
