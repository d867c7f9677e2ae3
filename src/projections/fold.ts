/**
 * The current rows of one table while events are folded into them, and the versions that this makes
 * and ends. Rows stay at hand from batch to batch, for as long as they are asked for.
 */
import { forever, type Row, type Rows, type Table, type Version } from './rows.ts';

/** What a fold was asked for and has not at hand: keys, and groups by column. */
export type Wanted = {
  readonly keys: Set<string>;
  readonly groups: Map<string, Set<string>>;
};
/** What a batch of events has made of a table. */
export type Batch = {
  readonly made: readonly Version[];
  /** Versions of the table that were ended; their `until` is set. */
  readonly ended: readonly Version[];
  /** Those among `made` that end whatever the table has of their key: it was not asked for. */
  readonly unseen: readonly Version[];
};
export type Fold = Rows & {
  readonly wanted: Wanted;
  /** Whether all rows of the table are at hand, so that nothing is ever missed. */
  isComplete(): boolean;
  /** Wants the key, unless it is at hand what the table has of it. */
  want(key: string): void;
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
export function foldOf({ once, lookups = [] }: Table, isEmpty = false): Fold {
  const wanted = { keys: new Set<string>(), groups: new Map<string, Set<string>>() };
  const staged = new Map<string, Row>();
  const groups = new Map(lookups.map((column) => [column, groupsOf(column)]));
  // Null for a key that is known not to be there.
  let older = new Map<string, Known | null>();
  let newer = new Map<string, Known | null>();
  let isComplete = isEmpty;
  let position = 0;
  let made: Known[] = [];
  let ended: Known[] = [];
  let unseen: Known[] = [];

  const find = (key: string): Known | null | undefined => {
    const known = newer.get(key);
    if (known !== undefined) return known;
    const before = older.get(key);
    if (before !== undefined) newer.set(key, before);
    else if (isComplete) return null;
    return before;
  };
  const enter = (version: Known, before: Known | null | undefined) => {
    newer.set(version.key, version);
    for (const group of groups.values()) {
      if (before) group.delete(before);
      group.add(version);
    }
  };
  const rowOf = (key: string): Row | undefined => {
    const row = staged.get(key);
    if (row !== undefined) return row;
    const version = find(key);
    if (version !== undefined) return version?.row;
    wanted.keys.add(key);
    throw miss;
  };
  // Only between batches: what a batch that is being stored has touched is in the newer half.
  const forget = () => {
    if (newer.size <= rowsMax / 2) return;
    if (older.size > 0) isComplete = false;
    older = newer;
    newer = new Map();
    for (const group of groups.values()) group.reset(older.values());
  };

  return {
    wanted,
    isComplete: () => once === true || isComplete,
    want: (key) => void (find(key) === undefined && wanted.keys.add(key)),
    rowAtHand: (key) => find(key)?.row,
    get(key) {
      if (once) throw new Error('rows that are made once are not read back');
      return rowOf(key);
    },
    by(column, value) {
      const group = groups.get(column);
      if (group === undefined) throw new Error(`${column} is not among the table's lookups`);
      const found = group.get(value, isComplete);
      if (found === undefined) {
        wanted.groups.set(column, (wanted.groups.get(column) ?? new Set()).add(value));
        throw miss;
      }
      const keys = new Set(found);
      for (const [key, row] of staged) {
        if (row[column] === value) keys.add(key);
        else keys.delete(key);
      }
      return [...keys].sort().map((key) => ({ ...(rowOf(key) as Row), key }));
    },
    put(key, row) {
      if (once && key !== String(position)) throw new Error(`${key} is not its position`);
      staged.set(key, row);
    },
    take(found) {
      for (const version of found) {
        // What is at hand may be newer: its batch is still being stored.
        if (!find(version.key)) enter({ ...version, isStored: true }, null);
      }
      for (const key of wanted.keys) if (find(key) === undefined) newer.set(key, null);
      for (const [column, values] of wanted.groups) groups.get(column)?.complete(values);
      wanted.keys.clear();
      wanted.groups.clear();
    },
    begin(of) {
      position = of;
      if (staged.size > 0) staged.clear();
    },
    settle() {
      if (staged.size === 0) return;
      for (const [key, row] of staged) {
        const version = { key, since: position, until: forever, row, isStored: false };
        made.push(version);
        if (once) continue;
        const before = find(key);
        if (before === undefined) unseen.push(version);
        else if (before !== null) {
          before.until = position;
          if (before.isStored) ended.push(before);
        }
        enter(version, before);
      }
      staged.clear();
    },
    seal() {
      staged.clear();
      const batch = { made, ended, unseen };
      for (const version of made) version.isStored = true;
      made = [];
      ended = [];
      unseen = [];
      forget();
      return batch;
    },
  };
}

/** The keys at hand by the value of a column, and of which values all there are. */
function groupsOf(column: string) {
  const keys = new Map<string, Set<string>>();
  const whole = new Set<string>();
  const valueIn = ({ row }: Known) => row[column] as string | null;
  const add = (version: Known) => {
    const value = valueIn(version);
    if (value === null) return;
    const group = keys.get(value);
    if (group === undefined) keys.set(value, new Set([version.key]));
    else group.add(version.key);
  };
  return {
    add,
    delete: (version: Known) => keys.get(valueIn(version) ?? '')?.delete(version.key),
    complete(values: Iterable<string>) {
      for (const value of values) whole.add(value);
    },
    get(value: string, isComplete: boolean): ReadonlySet<string> | undefined {
      return isComplete || whole.has(value) ? (keys.get(value) ?? new Set()) : undefined;
    },
    /** Some rows were forgotten, and with them which groups are whole. */
    reset(versions: Iterable<Known | null>) {
      keys.clear();
      whole.clear();
      for (const version of versions) if (version) add(version);
    },
  };
}
