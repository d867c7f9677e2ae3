import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { acts } from '../../src/domain/acts.ts';
import type { EventType } from '../../src/domain/catalogue.ts';
import { findReferences } from '../../src/domain/references.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { Execution } from '../../src/eventstore/execute.ts';
import { executeAll } from '../../src/eventstore/execute-all.ts';
import { newId } from '../../src/http/new-id.ts';
import { freshStore } from '../db.ts';

const metadata = { correlation_id: 'test', recorded_by: 'test' };
const said = (type: EventType, id: string, data: object): Execution => {
  const ids = [newId(), newId()];
  return { act: acts[type], id, data, eventId: (index) => ids[index] as string, metadata };
};
const attributed = { conflict_id: 'c1', attribution: { claimant_id: 'ru', chain: [] } };
const made = (id: string) =>
  said('ClaimMade', id, { ...attributed, proposition: { kind: 'statement', text: id } });
const superseded = (id: string, by_claim_id: string) =>
  said('ClaimSuperseded', id, { ...attributed, by_claim_id });

// Red without waves (a slow append of the actor is overtaken), without `later` (k0 is superseded by
// what comes after), and with lines in the order of their first commands (as j1 is).
t.test('what an event names is before it in the log, whatever the commands are', async (t) => {
  const { store } = await freshStore(t);
  const slow: EventStore = {
    ...store,
    async append(append) {
      if (append.stream.startsWith('actor-')) await sleep(100);
      return store.append(append);
    },
  };
  const ids = (letter: string) => Array.from({ length: 100 }, (_, i) => `${letter}${i}`);
  const outcomes = await executeAll(slow, [
    said('ActorRegistered', 'ru', { name: 'Russia', kind: 'state' }),
    said('ConflictRegistered', 'c1', { name: 'C', parties: ['ru'] }),
    ...ids('j').map(made),
    ...ids('k').flatMap((id, i) => [made(id), superseded(i === 0 ? 'j0' : `k${i - 1}`, id)]),
  ]);
  t.equal(outcomes.length, 302);
  // The first is known, so that the stream's first event is one that names another's.
  await executeAll(store, [made('j1'), made('l'), superseded('j1', 'l')]);
  t.ok(outcomes.every((outcome) => 'event_ids' in outcome && outcome.event_ids.length === 1));
  const begun = [
    'actor-ru',
    'conflict-c1',
    ...[...ids('j'), ...ids('k'), 'l'].map((id) => `claim-${id}`),
  ];
  const log = await store.readLog(0, 1_000, 8 * 1024 * 1024);
  const streams = log.filter(({ version }) => version === 1).map(({ stream }) => stream);
  t.strictSame(streams, begun, 'streams begin in the order of the commands');
  const seen = new Set<string>();
  for (const { stream, type, data } of log) {
    for (const named of findReferences(acts[type as EventType].schema, data)) {
      t.ok(seen.has(named.stream), `${type} of ${stream} is after ${named.stream}`);
    }
    seen.add(stream);
  }
});
