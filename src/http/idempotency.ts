/**
 * Idempotency keys: the same request with the same key is answered as the first time. What was
 * recorded is remembered by the log itself, for the key makes the events' ids: answer and events
 * are one commit. Only an answer without events needs a row of its own.
 */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { v5 as uuidv5 } from 'uuid';
import type { Db } from '../db.ts';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import type { Outcome, Recorded } from '../eventstore/execute.ts';

// Our own name space for ids made from idempotency keys (RFC 9562, 5.5).
const keyNamespace = '5b1f0a57-8f2e-4c53-9d8f-6f1f5f0a7c11';

/** A request with a key. A key is its principal's: another's equal key is another key. */
export type KeyedRequest = {
  readonly principal: string;
  readonly key: string;
  /** Of method, address and body. */
  readonly sha256: string;
  /** The UUID that the key makes for `name`. */
  readonly uuid: (name: string) => string;
};
/** The first answer, given again. */
export type KeyedAnswer = Recorded & { readonly isReplay: true };

export type Idempotency = {
  /**
   * Runs `first` unless the key has been answered, and answers as the first time. A refusal is not
   * remembered: the request may succeed later. `reused`: the key was used with another request;
   * `in-progress`: it is being run in this process. Of two in two processes the log stores one, and
   * answers both with it.
   */
  once(
    keyed: KeyedRequest,
    first: () => Promise<Outcome>,
  ): Promise<Outcome | KeyedAnswer | 'reused' | 'in-progress'>;
};

/** The request's key with what it stands for. */
export function requestOf(principal: string, key: string, request: FastifyRequest): KeyedRequest {
  const text = `${request.method} ${request.url} ${JSON.stringify(request.body)}`;
  return {
    principal,
    key,
    sha256: createHash('sha256').update(text).digest('hex'),
    uuid: (name) => uuidv5(`${principal} ${key} ${name}`, keyNamespace),
  };
}

export function idempotency(db: Db, store: EventStore): Idempotency {
  const inProgress = new Set<string>();
  return {
    async once(keyed, first) {
      const scope = `${keyed.principal} ${keyed.key}`;
      if (inProgress.has(scope)) return 'in-progress';
      inProgress.add(scope);
      try {
        const before = (await inLog(store, keyed)) ?? (await inTable(db, keyed));
        if (before !== undefined) return before;
        const outcome = await first();
        if ('event_ids' in outcome && outcome.event_ids.length > 0) return outcome;
        // What is so already may be so by this very request, in another process.
        const meanwhile = await inLog(store, keyed);
        if (meanwhile !== undefined) return meanwhile;
        if ('event_ids' in outcome) await remember(db, keyed, outcome);
        return outcome;
      } finally {
        inProgress.delete(scope);
      }
    },
  };
}

async function inLog(
  store: EventStore,
  keyed: KeyedRequest,
): Promise<KeyedAnswer | 'reused' | undefined> {
  const first = await store.findEvent(keyed.uuid('0'));
  if (first === undefined) return undefined;
  if (first.metadata.request_sha256 !== keyed.sha256) return 'reused';
  const events = [first];
  for (let next: RecordedEvent | undefined = first; next !== undefined; ) {
    next = await store.findEvent(keyed.uuid(String(events.length)));
    if (next !== undefined) events.push(next);
  }
  const { stream, version, position } = events.at(-1) as RecordedEvent;
  return { stream, version, position, event_ids: events.map(({ id }) => id), isReplay: true };
}

async function inTable(
  db: Db,
  { principal, key, sha256 }: KeyedRequest,
): Promise<KeyedAnswer | 'reused' | undefined> {
  const row = await db
    .selectFrom('idempotent_answers')
    .select(['request_sha256', 'answer'])
    .where('principal', '=', principal)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return row.request_sha256 === sha256 ? { ...row.answer, isReplay: true } : 'reused';
}

async function remember(db: Db, keyed: KeyedRequest, outcome: Recorded): Promise<void> {
  const { principal, key, sha256 } = keyed;
  await db
    .insertInto('idempotent_answers')
    .values({ principal, key, request_sha256: sha256, answer: JSON.stringify(outcome) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
