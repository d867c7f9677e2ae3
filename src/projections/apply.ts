/** Folds pages of events into a generation's rows: loads what they ask for, says what to store. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Send } from './connections.ts';
import { type Fold, foldOf, Miss } from './fold.ts';
import type { Page } from './pages.ts';
import type { Fact, Projection } from './projection.ts';
import { tableOf } from './rows.ts';
import { loadRows, type Statement, saveRows } from './statements.ts';

/** Of a page: each is another pass over what missed something. */
const lookAheadsMax = 4;
/** Of a page: what was loaded may lead to more. */
const hintRoundsMax = 4;
/** Between two breaths, in which what is under way with PostgreSQL goes on. */
const eventsPerBreath = 50;

/** What a projection could not do with the event at `position`. */
export class HandlerFailed extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super((cause as Error).message, { cause });
    this.position = position;
  }
}

export type Folded = {
  /** All up to here is done: the page, or what comes before the event that failed. */
  readonly position: number;
  readonly saves: readonly Statement[];
  readonly failure: HandlerFailed | undefined;
};
export type Folding = {
  /** Folds a page that follows the last one. */
  fold(page: Page, load: Send): Promise<Folded>;
};

/**
 * Folds onto the rows of a generation that is at `position`, which it keeps at hand. `save` says
 * what is to be done about what a page has made of a table.
 */
export function foldingOf(
  projection: Projection,
  generation: number,
  position: number,
  save = saveRows,
): Folding {
  let at = position;
  const types = new Set(projection.types);
  const tables = Object.entries(projection.tables).map(([name, table]) => {
    const stored = tableOf(projection, generation, name);
    return { name, table, stored, fold: foldOf(table, position === 0) };
  });
  const folds = Object.fromEntries(tables.map(({ name, fold }) => [name, fold]));

  const rowAtHand = (name: string, key: string) => folds[name]?.rowAtHand(key);
  // Those of them that something has to be loaded for; of the others all that it leads to is known.
  const wanting = (facts: readonly Fact[]) => {
    const { hint } = projection;
    if (hint === undefined || tables.every(({ fold }) => fold.isComplete())) return [];
    let isAtHand = true;
    const want = (name: string, key: string) => {
      isAtHand = folds[name]?.want(key) === true && isAtHand;
    };
    return facts.filter((fact) => {
      isAtHand = true;
      hint(fact, want, rowAtHand);
      return !isAtHand;
    });
  };
  const loadWanted = (load: Send) =>
    Promise.all(
      tables.map(async ({ table, stored, fold }) => {
        const wanted = fold.wanted();
        if (wanted.size === 0) return;
        fold.take(await loadRows(load, stored, table, wanted, at));
      }),
    );

  return {
    async fold({ facts, unreadable, last }, load) {
      const own = facts.filter(({ type }) => types.has(type));
      let failure: HandlerFailed | undefined;
      let wanted: readonly Fact[] = own;
      for (let round = 0; round < hintRoundsMax; round += 1) {
        wanted = wanting(wanted);
        if (wanted.length === 0) break;
        await loadWanted(load);
      }
      // Those that may miss something: all, until they were tried once.
      let missing: readonly Fact[] = own;
      let lookAheads = 0;
      for (let i = 0; i < own.length; i += 1) {
        if (i % eventsPerBreath === 0) await breathe();
        const fact = own[i] as Fact;
        const { position } = fact;
        if (unreadable.has(position)) {
          failure = new HandlerFailed(position, unreadable.get(position));
          break;
        }
        let outcome = projectOne(projection, fact, folds);
        while (outcome === 'missed') {
          if (lookAheads < lookAheadsMax) {
            const next = missing.filter((one) => one.position > position);
            missing = lookAhead(projection, next, folds);
          }
          lookAheads += 1;
          await loadWanted(load);
          outcome = projectOne(projection, fact, folds);
        }
        if (outcome instanceof HandlerFailed) {
          failure = outcome;
          break;
        }
      }
      const saves = tables.flatMap(({ stored, table, fold }) => save(stored, table, fold.seal()));
      at = last;
      return { position: failure === undefined ? last : failure.position - 1, saves, failure };
    },
  };
}

// Where it missed something or failed, nothing of it is kept.
function projectOne(
  projection: Projection,
  fact: Fact,
  folds: Readonly<Record<string, Fold>>,
): 'done' | 'missed' | HandlerFailed {
  try {
    for (const name in folds) folds[name]?.begin(fact.position);
    projection.project(fact, folds);
    for (const name in folds) folds[name]?.settle();
    return 'done';
  } catch (cause) {
    return cause instanceof Miss ? 'missed' : new HandlerFailed(fact.position, cause);
  }
}

// What the next events will miss too is loaded with it. They are tried on rows that lack what comes
// before them, so neither what they put nor what else they throw means anything. Answers those that
// missed something: they may miss more.
function lookAhead(
  projection: Projection,
  facts: readonly Fact[],
  folds: Readonly<Record<string, Fold>>,
): Fact[] {
  return facts.filter((fact) => {
    try {
      for (const name in folds) folds[name]?.begin(fact.position);
      projection.project(fact, folds);
      return false;
    } catch (cause) {
      return cause instanceof Miss;
    }
  });
}
