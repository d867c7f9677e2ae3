/**
 * The current rows of one table while events are folded into them, and the versions that this makes
 * and ends.
 */
import { forever, type Row, type Rows, type Table, type Version } from './rows.ts';

/** What a fold was asked for and has not loaded: keys, and groups by column. */
export type Wanted = {
  readonly keys: Set<string>;
  readonly groups: Map<string, Set<string>>;
};
export type Fold = Rows & {
  readonly wanted: Wanted;
  /** Wants the key, unless it is known what the table has of it. */
  want(key: string): void;
  /** The row, as far as it is loaded. */
  loaded(key: string): Row | undefined;
  /** Takes what the table has of what was wanted; what is not among it is not there. */
  take(found: readonly Version[]): void;
  /** Makes the puts of the event at `position` count. */
  settle(position: number): void;
  /** Forgets the puts since the last `settle`. */
  discard(): void;
  readonly made: readonly Version[];
  /** Versions of the table that were ended; their `until` is set. */
  readonly ended: readonly Version[];
  /** Those among `made` that end whatever the table has of their key: it was not asked for. */
  readonly unseen: readonly Version[];
};

/** A row was asked for that is not loaded: load what is wanted, and project the event again. */
export class Miss extends Error {}

/** A fold onto nothing that is loaded yet; it leaves a version for each position between. */
export function foldOf({ once, lookups = [] }: Table): Fold {
  // Null for a key that is known not to be there.
  const current = new Map<string, Version | null>();
  const groups = new Map(lookups.map((column) => [column, new Map<string, Set<string>>()]));
  const wanted = { keys: new Set<string>(), groups: new Map<string, Set<string>>() };
  const stored = new Set<Version>();
  const staged = new Map<string, Row>();
  const made: Version[] = [];
  const ended: Version[] = [];
  const unseen: Version[] = [];

  const rowOf = (key: string): Row | undefined => {
    const row = staged.get(key);
    if (row !== undefined) return row;
    const version = current.get(key);
    if (version !== undefined) return version?.row;
    wanted.keys.add(key);
    throw new Miss(key);
  };
  const enter = (version: Version) => {
    const before = current.get(version.key);
    for (const [column, known] of groups) {
      if (before) known.get(before.row[column] as string)?.delete(version.key);
      known.get(version.row[column] as string)?.add(version.key);
    }
    current.set(version.key, version);
  };

  return {
    wanted,
    made,
    ended,
    unseen,
    want(key) {
      if (!current.has(key)) wanted.keys.add(key);
    },
    loaded: (key) => current.get(key)?.row,
    get(key) {
      if (once) throw new Error('rows that are made once are not read back');
      return rowOf(key);
    },
    by(column, value) {
      const known = groups.get(column);
      if (known === undefined) throw new Error(`${column} is not among the table's lookups`);
      const group = known.get(value);
      if (group === undefined) {
        wanted.groups.set(column, (wanted.groups.get(column) ?? new Set()).add(value));
        throw new Miss(value);
      }
      const keys = new Set(group);
      for (const [key, row] of staged) {
        if (row[column] === value) keys.add(key);
        else keys.delete(key);
      }
      return [...keys].sort().map((key) => ({ ...(rowOf(key) as Row), key }));
    },
    put: (key, row) => void staged.set(key, row),
    take(found) {
      for (const key of wanted.keys) if (!current.has(key)) current.set(key, null);
      for (const [column, values] of wanted.groups) {
        for (const value of values) groups.get(column)?.set(value, new Set());
      }
      for (const version of found) {
        const known = current.get(version.key);
        if (!known) stored.add(version);
        enter(known || version);
      }
      // Of those that were loaded before, some are of a group that was not.
      if (wanted.groups.size > 0) for (const version of current.values()) version && enter(version);
      wanted.keys.clear();
      wanted.groups.clear();
    },
    settle(position) {
      for (const [key, row] of staged) {
        if (once && key !== String(position)) throw new Error(`${key} is not its position`);
        const version = { key, since: position, until: forever, row };
        const before = current.get(key);
        made.push(version);
        if (once) continue;
        if (before === undefined) unseen.push(version);
        if (before) {
          before.until = position;
          if (stored.has(before)) ended.push(before);
        }
        enter(version);
      }
      staged.clear();
    },
    discard: () => staged.clear(),
  };
}
