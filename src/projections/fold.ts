/**
 * The current rows of one table while events are folded into them, and the versions that this makes
 * and ends. Rows stay at hand from batch to batch, for as long as they are asked for.
 */
import { forever, type Row, type Rows, type Table, type Version } from './rows.ts';

/** What a batch of events has made of a table. */
export type Batch = {
  readonly made: readonly Version[];
  /** Versions of the table that were ended; their `until` is set. */
  readonly ended: readonly Version[];
  /** Those among `made` that end whatever the table has of their key: it was not asked for. */
  readonly unseen: readonly Version[];
};
export type Fold = Rows & {
  /** The keys that it was asked for and has not at hand. */
  wanted(): ReadonlySet<string>;
  /** Whether all rows of the table are at hand, so that nothing is ever missed. */
  isComplete(): boolean;
  /** Wants the key, unless it is at hand what the table has of it, which it answers. */
  want(key: string): boolean;
  rowAtHand(key: string): Row | undefined;
  /** Takes what the table has of what was wanted; what is not among it is not there. */
  take(found: readonly Version[]): void;
  /** Begins an event: what was put and not settled is forgotten. */
  begin(position: number): void;
  /** Makes the puts of the event count. */
  settle(): void;
  /** Ends a batch: what it made counts as stored from now on. */
  seal(): Batch;
};

/** A row was asked for that is not at hand: load what is wanted, and project the event again. */
export class Miss extends Error {}
// Where it was thrown tells nothing, and costs more than what it interrupts.
const miss = new Miss();

/** Of a table, in two halves: the older one is forgotten when the newer one is full. */
const rowsMax = 10_000;

type Known = Version & { isStored: boolean };

/**
 * A fold that has nothing at hand yet. `isEmpty`: the table has no rows, so that what is not at
 * hand is not there, until some rows were forgotten.
 */
export function foldOf({ once }: Table, isEmpty = false): Fold {
  let wanted = new Set<string>();
  // Null for a key that is known not to be there.
  let older = new Map<string, Known | null>();
  let newer = new Map<string, Known | null>();
  let isComplete = isEmpty;
  let position = 0;
  let made: Known[] = [];
  let ended: Known[] = [];
  let unseen: Known[] = [];
  /** What each of `made` has taken the place of; nothing where rows are made once. */
  let replaced: (Known | null | undefined)[] = [];
  /** How many of `made` are of events that count. */
  let settled = 0;

  const find = (key: string): Known | null | undefined => {
    const known = newer.get(key);
    if (known !== undefined) return known;
    const before = older.get(key);
    if (before !== undefined) newer.set(key, before);
    else if (isComplete) return null;
    return before;
  };
  const make = (key: string, row: Row, before: Known | null | undefined) => {
    const version = { key, since: position, until: forever, row, isStored: false };
    made.push(version);
    if (once) return;
    replaced.push(before);
    newer.set(key, version);
    if (before === undefined) unseen.push(version);
    else if (before !== null) {
      before.until = position;
      if (before.isStored) ended.push(before);
    }
  };
  const undo = () => {
    while (made.length > settled) {
      const { key } = made.pop() as Known;
      if (once) continue;
      const before = replaced.pop();
      if (before === undefined) {
        newer.delete(key);
        unseen.pop();
        continue;
      }
      newer.set(key, before);
      if (before === null) continue;
      before.until = forever;
      if (before.isStored) ended.pop();
    }
  };
  // Only between batches: what a batch that is being stored has touched is in the newer half.
  const forget = () => {
    if (newer.size <= rowsMax / 2) return;
    if (older.size > 0) isComplete = false;
    older = newer;
    newer = new Map();
  };

  return {
    wanted: () => wanted,
    isComplete: () => once === true || isComplete,
    want(key) {
      if (isComplete || find(key) !== undefined) return true;
      wanted.add(key);
      return false;
    },
    rowAtHand: (key) => find(key)?.row,
    get(key) {
      if (once) throw new Error('rows that are made once are not read back');
      const version = find(key);
      if (version !== undefined) return version?.row;
      wanted.add(key);
      throw miss;
    },
    put(key, row) {
      if (once && key !== String(position)) throw new Error(`${key} is not its position`);
      const before = once ? made.at(-1) : find(key);
      if (before?.since === position) before.row = row;
      else make(key, row, before);
    },
    add: (key, row) => make(key, row, null),
    take(found) {
      // What is put by an event that is to be projected again hides nothing.
      undo();
      for (const version of found) {
        // What is at hand may be newer: its batch is still being stored.
        if (!find(version.key)) newer.set(version.key, { ...version, isStored: true });
      }
      for (const key of wanted) if (find(key) === undefined) newer.set(key, null);
      wanted = new Set();
    },
    begin(of) {
      undo();
      position = of;
    },
    settle() {
      settled = made.length;
    },
    seal() {
      undo();
      const batch = { made, ended, unseen };
      for (const version of made) version.isStored = true;
      made = [];
      replaced = [];
      settled = 0;
      ended = [];
      unseen = [];
      forget();
      return batch;
    },
  };
}
