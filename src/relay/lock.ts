/**
 * The lock that keeps one relay active over all instances. It saves work; the fence gives safety.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { RelayParts } from './relay.ts';

const standbyIntervalMs = 500;
// The relay's name among advisory locks.
const lockKey = 7_205_881;

/** `lost` once its connection has ended: PostgreSQL has given the lock to another. */
export type Lock = { readonly client: pg.Client; lost: boolean };

/** Waits as a standby until the lock is ours; undefined if `signal` came first. */
export async function takeLock(parts: RelayParts, signal: AbortSignal): Promise<Lock | undefined> {
  const client = await parts.connect();
  const lock: Lock = { client, lost: false };
  const lose = () => {
    lock.lost = true;
  };
  client.once('end', lose);
  client.on('error', lose);
  try {
    while (!signal.aborted) {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as mine', [lockKey]);
      if (rows[0]?.mine === true) return lock;
      parts.state.state = 'standby';
      await sleep(standbyIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end();
  return undefined;
}
