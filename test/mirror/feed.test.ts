/** What the database itself promises of a mirror, whatever order its events come in. */
import { deepStrictEqual as deepEqual } from 'node:assert';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { feedEvents, MirrorRefused } from '../../src/mirror/feed.ts';
import { settleSite } from '../../src/mirror/site.ts';
import type { ArrivedEvent } from '../../src/mirror/take.ts';
import { freshStore, openStore } from '../db.ts';
import { append, event, events } from '../eventstore/events.ts';
import { arrivedFrom, freshMirror, logRows } from './mirroring.ts';

const head = 40;

async function someLog(t: Parameters<typeof freshStore>[0]) {
  const primary = await freshStore(t);
  for (let i = 0; i < head / 4; i += 1) {
    await primary.store.append(append(`s-${i % 3}`, [...events(3), event({ text: '"ü\\u0000"' })]));
  }
  const arrivals = await arrivedFrom(primary.db, primary.store);
  return { ...primary, arrivals, rows: await logRows(primary.db) };
}

// Seen to fail: with the head taken for the highest position there is, with what waited not moved
// behind what came, with the copies of events in the log not passed over.
t.test('in any order, in parts, and more than once: the same log', async (t) => {
  const { arrivals, rows } = await someLog(t);
  const mirror = await freshMirror(t);
  const inAnyOrder = fc
    .array(fc.nat(head - 1), { maxLength: head })
    .chain((copies) =>
      fc.tuple(
        fc.shuffledSubarray([...arrivals.keys(), ...copies], { minLength: head + copies.length }),
        fc.integer({ min: 1, max: 12 }),
      ),
    );
  let waited = 0;
  const property = fc.asyncProperty(inAnyOrder, async ([order, size]) => {
    await mirror.pool.query(`alter table events disable trigger events_are_immutable;
      truncate events; truncate waiting_events; alter table events enable always trigger
      events_are_immutable`);
    const seen = new Set<number>();
    for (let i = 0; i < order.length; i += size) {
      const part = order.slice(i, i + size).map((index) => arrivals[index] as ArrivedEvent);
      for (const { position } of part) seen.add(position);
      let whole = 0;
      while (seen.has(whole + 1)) whole += 1;
      deepEqual(await feedEvents(mirror.db, part), whole);
      deepEqual((await logRows(mirror.db)).length, whole);
      if (seen.size > whole) waited += 1;
    }
    deepEqual(await logRows(mirror.db), rows);
    const { rows: waiting } = await mirror.pool.query('select from waiting_events');
    deepEqual(waiting.length, 0);
  });
  await fc.assert(property, { numRuns: 25 });
  t.ok(waited > 25, `events waited ${waited} times`);
});

t.test('processes that feed at once', async (t) => {
  const { arrivals, rows } = await someLog(t);
  const mirror = await freshMirror(t);
  const parts = [0, 1, 2, 3].map((part) => arrivals.filter((_, i) => i % 4 === part));
  await Promise.all([...parts, ...parts].map((part) => feedEvents(mirror.db, part)));
  t.strictSame(await logRows(mirror.db), rows);
});

t.test(
  'another event at a known position, another log: refused, and nothing is taken',
  async (t) => {
    const { arrivals } = await someLog(t);
    const mirror = await freshMirror(t);
    const [first, second, third] = arrivals as [ArrivedEvent, ArrivedEvent, ArrivedEvent];
    await feedEvents(mirror.db, [first, third]);
    const other = (event: ArrivedEvent) => ({ ...event, id: randomUUID() });
    const refusal = async (...events: ArrivedEvent[]) => {
      const error = await feedEvents(mirror.db, events).catch((error: unknown) => error);
      return error instanceof MirrorRefused ? error.message : `not refused: ${error}`;
    };
    t.match(await refusal(second, other(first)), /another event .* at position 1$/);
    t.match(await refusal(second, other(third)), /another event .* at position 3$/);
    t.match(await refusal(second, { ...third, logId: randomUUID() }), /of two logs/);
    t.match(await refusal({ ...second, logId: randomUUID() }), /^the topic is of log .*, and this/);
    t.match(await refusal(second, other(second)), /two events at position 2/);
    // What only the log's constraints can tell: an id that is taken.
    t.match(await refusal({ ...second, id: first.id }), /unique constraint/);
    t.equal((await logRows(mirror.db)).length, 1);
    t.equal(await feedEvents(mirror.db, [second]), 3);
  },
);

// Seen to fail without the trigger, and without the look at `role`.
t.test('a mirror takes no append, a primary is not fed', async (t) => {
  const primary = await someLog(t);
  const mirror = await freshMirror(t);
  const store = openStore(t, mirror);
  for (const expected of [0, 'any'] as const) {
    await t.rejects(store.append(append('s-1', [event()], expected)), { code: '25006' });
  }
  await t.rejects(store.append(append('s-1', events(2), 0)), { code: '25006' });
  await feedEvents(mirror.db, primary.arrivals.slice(0, 2));
  await t.rejects(store.append(append('s-9', [event()], 0)), { code: '25006' });
  await t.rejects(mirror.pool.query('delete from events'), /append-only/);
  await t.rejects(feedEvents(primary.db, primary.arrivals), { code: '25006' });
  t.equal((await primary.store.append(append('s-9', [event()], 0))).outcome, 'stored');
});

t.test('what a database is, it stays', async (t) => {
  const primary = await someLog(t);
  await t.rejects(settleSite(primary.db, 'kafka'), /needs an empty database/);
  await settleSite(primary.db, 'log');
  const mirror = await freshMirror(t);
  await settleSite(mirror.db, 'kafka');
  await t.rejects(settleSite(mirror.db, 'log'), /PROJECTION_FEED=kafka/);
});
