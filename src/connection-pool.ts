/** The pool of connections: it makes do with those it has where PostgreSQL gives it no more. */
import pg from 'pg';
import { PooledClient } from './pooled-client.ts';

const connectionsMax = 10;
// Kept, however idle: on a full disk PostgreSQL may not be able to begin another.
const connectionsMin = 2;
const refusedForMs = 1_000;

type Answer = Parameters<pg.Pool['connect']>[0];

/**
 * Where PostgreSQL refuses a connection for want of room (SQLSTATE class 53: the disk is full, or
 * there are too many) and others are open, who asked waits for one of those, for no longer than
 * `connectionTimeoutMillis`. For a second nobody asks for more, then one tries.
 */
export class ConnectionPool extends pg.Pool {
  #open = 0;

  constructor(options: pg.PoolConfig) {
    super({ ...options, Client: PooledClient, max: connectionsMax, min: connectionsMin });
    this.on('connect', () => {
      this.#open += 1;
    });
    this.on('remove', () => {
      this.#open -= 1;
    });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(answer: Answer): void;
  override connect(answer?: Answer): Promise<pg.PoolClient> | undefined {
    const client = super.connect().catch((error) => this.#another(error));
    if (answer === undefined) return client;
    client.then(
      (found) => answer(undefined, found, found.release),
      (error) => answer(error, undefined, () => undefined),
    );
    return undefined;
  }

  async #another(error: { code?: string }): Promise<pg.PoolClient> {
    const deadline = performance.now() + (this.options.connectionTimeoutMillis ?? 0);
    for (let refusal = error; ; ) {
      const isLast = performance.now() > deadline;
      if (!refusal.code?.startsWith('53') || this.#open === 0 || isLast) throw refusal;
      this.#askForNoMore();
      try {
        return await super.connect();
      } catch (another) {
        refusal = another as { code?: string };
      }
    }
  }

  // To the pool it is full: who asks is put in its queue, until one is tried for those there.
  #askForNoMore(): void {
    if (this.options.max < connectionsMax) return;
    this.options.max = this.#open;
    setTimeout(() => {
      this.options.max = connectionsMax;
      void this.#openForThoseWaiting();
    }, refusedForMs).unref();
  }

  async #openForThoseWaiting(): Promise<void> {
    while (this.waitingCount > 0 && !this.ending) {
      try {
        (await super.connect()).release();
      } catch {
        // Refused again: those who wait go on waiting.
        return;
      }
    }
  }
}
