/** What a process remembers of tables whose rows stay as they were read. */
import type { Db } from '../db.ts';

/**
 * Finds the memory of a database, made by `make`: of the tables that were read last, for after a
 * rebuild, or of another version, there are others.
 */
export function tableMemory<Memory>(make: () => Memory): (db: Db, tables: string) => Memory {
  const memories = new WeakMap<Db, { readonly tables: string; readonly memory: Memory }>();
  return (db, tables) => {
    const known = memories.get(db);
    if (known?.tables === tables) return known.memory;
    const memory = make();
    memories.set(db, { tables, memory });
    return memory;
  };
}
