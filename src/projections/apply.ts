/** Folds events into the rows of a generation: loads what they ask for, stores what they make. */
import type { Db } from '../db.ts';
import { upcast } from '../domain/catalogue.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import { type Fold, foldOf, Miss } from './fold.ts';
import type { Fact, Projection } from './projection.ts';
import { loadRows, saveRows, tableOf } from './rows.ts';

/** Of a batch: each is another pass over it. */
const lookAheadsMax = 4;
const hintRoundsMax = 4;

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
  const loaded = (name: string, key: string) => folds[name]?.loaded(key);
  for (let round = 1; round <= hintRoundsMax; round += 1) {
    for (const fact of facts) {
      for (const [name, keys] of Object.entries(projection.keysOf?.(fact, loaded) ?? {})) {
        for (const key of keys) folds[name]?.want(key);
      }
    }
    if (tables.every(({ fold }) => fold.wanted.keys.size === 0)) break;
    await load();
  }
  let lookAheads = 0;
  // Those that may miss: all, until they were tried once.
  let missing: readonly Fact[] = facts;
  for (const fact of facts) {
    while (!projectOne(projection, fact, folds)) {
      if (lookAheads < lookAheadsMax) {
        const next = missing.filter(({ position }) => position > fact.position);
        missing = lookAhead(projection, next, folds);
      }
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
// before them, so neither what they put nor what else they throw means anything. Answers those that
// missed something: they may miss more.
function lookAhead(
  projection: Projection,
  facts: readonly Fact[],
  folds: Record<string, Fold>,
): Fact[] {
  return facts.filter((fact) => {
    try {
      projection.project(fact, folds);
      return false;
    } catch (cause) {
      return cause instanceof Miss;
    } finally {
      for (const fold of Object.values(folds)) fold.discard();
    }
  });
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
