/**
 * The lock that keeps one relay active over all instances. It saves work; the fence gives safety.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { RelayParts } from './relay.ts';
import { readShownPosition, showPosition } from './shown.ts';

const standbyIntervalMs = 500;
const heartbeatIntervalMs = 1_000;
/** A relay that froze is told from one at work by its heartbeat: PostgreSQL ends its session. */
const silenceMaxMs = 10_000;
// The relay's name among advisory locks.
const relayLockKey = 7_205_881;

export type Lock = {
  readonly client: pg.Client;
  /** Once its connection has ended, and PostgreSQL has given the lock to another. */
  lost: boolean;
  release(): Promise<void>;
};

type LockParts = Pick<RelayParts, 'connect' | 'state' | 'silenceMaxMs'> & {
  /** Whose position is shown. */
  topic: string;
  /** Absent: the relay's. */
  lockKey?: number;
};

/** Waits as a standby until the lock is ours; undefined if `signal` came first. */
export async function takeLock(parts: LockParts, signal: AbortSignal): Promise<Lock | undefined> {
  const client = await parts.connect();
  const lock: Lock = { client, lost: false, release: () => client.end() };
  const lose = () => {
    lock.lost = true;
  };
  client.once('end', lose);
  client.on('error', lose);
  const { topic, lockKey = relayLockKey } = parts;
  try {
    await client.query(`set idle_session_timeout = ${parts.silenceMaxMs ?? silenceMaxMs}`);
    while (!signal.aborted) {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as mine', [lockKey]);
      if (rows[0]?.mine === true) {
        keepAlive(lock, topic, parts.state, lose);
        return lock;
      }
      parts.state.state = 'standby';
      parts.state.position = await readShownPosition(client, topic);
      await sleep(standbyIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end();
  return undefined;
}

/** Lets PostgreSQL see that this process lives, and everybody how far it has come. */
function keepAlive(lock: Lock, topic: string, state: RelayParts['state'], lose: () => void): void {
  const beat = () => {
    const position = state.state === 'active' ? state.position : 0;
    showPosition(lock.client, topic, position).catch(lose);
  };
  const beating = setInterval(beat, heartbeatIntervalMs);
  lock.client.once('end', () => clearInterval(beating));
  lock.release = () => {
    clearInterval(beating);
    return lock.client.end();
  };
}
