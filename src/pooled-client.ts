/** A connection of the pool: statements that say so are prepared on it once. */
import { type RawBuilder, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import pg from 'pg';
import { type Answer, type PreparedStatement, preparedOn } from './prepared.ts';

/** How many statements a connection keeps prepared: those that were run last. */
const statementsKeptMax = 100;
const mark = '/* prepared */';

/**
 * Begins a statement that is run over and over, and whose best plan is the same whatever its
 * parameters are: PostgreSQL parses it once a connection, and may plan it once. They are texts,
 * numbers, nulls, and arrays as buffers (`eventstore/binary-array.ts`).
 */
export const prepared = sql.raw(mark);

/**
 * The same for a statement that filters by these, if there are none: what a filter is asked for may
 * be rare or common, and each has a best plan of its own.
 */
export function preparedUnless(filters: readonly unknown[]): RawBuilder<unknown> {
  return filters.length === 0 ? prepared : sql``;
}

/** A client for the pool that knows statements by that mark, and is the driver's own for others. */
export class PooledClient extends pg.Client {
  readonly #statements = preparedOn(this);
  readonly #names = new LRUCache<string, string>({
    max: statementsKeptMax,
    dispose: (name) => this.#statements.forget(name),
  });
  #named = 0;

  override query(...asked: unknown[]): never {
    const [text, values, callback] = asked;
    if (typeof text === 'string' && text.startsWith(mark) && callback === undefined) {
      return this.#run(text, values as PreparedStatement['values']) as never;
    }
    return (super.query as (...asked: unknown[]) => never).apply(this, asked);
  }

  #run(
    text: string,
    values: PreparedStatement['values'],
  ): Promise<Pick<pg.QueryResult, 'command' | 'rowCount' | 'rows'>> {
    const name = this.#names.get(text) ?? this.#nameOf(text);
    return new Promise((resolve, reject) => {
      this.#statements.run([{ name, text, values }], (error, [answer]) => {
        const rows = answer === undefined ? [] : objectsOf(answer);
        if (error) reject(error);
        else resolve({ command: 'SELECT', rowCount: rows.length, rows });
      });
    });
  }

  // Never one that was another's before: that may be on its way out yet.
  #nameOf(text: string): string {
    this.#named += 1;
    const name = `kept_${this.#named}`;
    this.#names.set(text, name);
    return name;
  }
}

/** The rows of an answer as the driver would have them. */
export function objectsOf({ rows, columns }: Answer): object[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i += 1) row[columns[i] as string] = values[i];
    return row;
  });
}
