import fc from 'fast-check';
import t from 'tap';
import { batchBytesMax, batchSizeMax } from '../../src/eventstore/append-queue.ts';
import { encode, eventBytesMax } from '../../src/eventstore/encode.ts';
import { type AppendResult, Overloaded } from '../../src/eventstore/event-store.ts';
import {
  groupCommit,
  lanes,
  queueBytesMax,
  queueLengthMax,
} from '../../src/eventstore/group-commit.ts';
import { append, event, events } from './events.ts';

const stored: AppendResult = { outcome: 'stored', version: 1, position: 1 };
const wordy = () => event({ text: 'x'.repeat(eventBytesMax - 1_000) });

/** A batcher over a log that commits when told to, and remembers what it was given. */
function recording() {
  const batches: { stream: string; ids: string[]; bytes: number }[][] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  let isOpen = false;
  const { append } = groupCommit(async (batch) => {
    batches.push(
      batch.map(({ append: { stream, events }, bytes }) => {
        return { stream, ids: events.map(({ id }) => id), bytes };
      }),
    );
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    if (!isOpen) await answer.promise;
    return batch.map(() => stored);
  });
  const underWay = async (count: number) => {
    while (answers.length < count) await new Promise(setImmediate);
  };
  return {
    append,
    batches,
    underWay,
    /** Answers the n-th batch, from 1, once it is under way. */
    async answer(n: number, error?: unknown) {
      await underWay(n);
      if (error === undefined) answers[n - 1]?.resolve();
      else answers[n - 1]?.reject(error);
    },
    /** Answers every batch from now on. */
    answerAll() {
      isOpen = true;
      for (const { resolve } of answers) resolve();
    },
  };
}

t.test('what arrives while all lanes are busy makes up the next batch', async (t) => {
  const { append: commit, batches, answer, underWay } = recording();
  const all = [];
  for (let lane = 1; lane <= lanes; lane += 1) {
    all.push(commit(append(`s-${lane}`, [event()])));
    await underWay(lane);
  }
  for (let i = 1; i <= 50; i += 1) all.push(commit(append(`s-next-${i}`, [event()])));
  // The other lane stays busy, so that all that waits goes into this one.
  for (const n of [1, 3, 2]) await answer(n);
  await Promise.all(all);
  t.strictSame(
    batches.map(({ length }) => length),
    [1, 1, 50],
  );
});

// Seen to fail without `isSplit`: the second lane stays empty.
t.test('many that arrive at once are split over the lanes, a few are not', async (t) => {
  for (const [count, sizes] of [
    [64, [32, 32]],
    [8, [8]],
  ] as const) {
    const { append: commit, batches, answerAll } = recording();
    answerAll();
    await Promise.all(Array.from({ length: count }, (_, i) => commit(append(`s-${i}`, [event()]))));
    t.strictSame(
      batches.map(({ length }) => length),
      sizes,
    );
  }
});

// Seen to fail with the lines by event instead of by stream.
t.test('no two appends under way share a stream, and each stream keeps its order', async (t) => {
  const { append: commit, batches, answer } = recording();
  const [a, b, c] = [event(), event(), event()];
  const all = [commit(append('s-1', [a])), commit(append('s-1', [b])), commit(append('s-2', [c]))];
  await answer(1);
  t.equal(batches.length, 1, 'the second of the stream waits, though a lane is free');
  await answer(2);
  await Promise.all(all);
  t.match(batches, [
    [
      { stream: 's-1', ids: [a.id] },
      { stream: 's-2', ids: [c.id] },
    ],
    [{ stream: 's-1', ids: [b.id] }],
  ]);
});

// Seen to fail without `ids.has`: the second insert of the id would fail the batch.
t.test('no two appends of a batch share an event id', async (t) => {
  const { append: commit, batches, answer } = recording();
  const same = event();
  const all = [commit(append('s-1', [same])), commit(append('s-2', [same]))];
  await answer(1);
  await answer(2);
  await Promise.all(all);
  t.match(batches, [[{ stream: 's-1' }], [{ stream: 's-2' }]]);
});

// Seen to fail with the line put back at the front: the stream of many is in every batch.
t.test('a stream with much to append lets the others go first', async (t) => {
  const { append: commit, batches, answerAll } = recording();
  answerAll();
  const all = [];
  for (let i = 0; i < 3; i += 1) all.push(commit(append('s-much', [event()])));
  for (let i = 0; i < 5 * batchSizeMax; i += 1) all.push(commit(append(`s-${i}`, [event()])));
  await Promise.all(all);
  t.strictSame(
    batches.map((batch) => batch.findIndex(({ stream }) => stream === 's-much')).slice(0, 3),
    [0, -1, -1],
  );
});

// Seen to fail without each of the two limits.
t.test('a batch is bounded by count and by bytes', async (t) => {
  const counted = recording();
  const many = Array.from({ length: 30 }, (_, i) => counted.append(append(`s-${i}`, events(90))));
  counted.answerAll();
  await Promise.all(many);
  for (const batch of counted.batches) {
    t.ok(batch.slice(0, -1).flatMap(({ ids }) => ids).length < batchSizeMax);
  }
  const weighed = recording();
  const heavy = Array.from({ length: 40 }, (_, i) => weighed.append(append(`s-${i}`, [wordy()])));
  weighed.answerAll();
  await Promise.all(heavy);
  for (const batch of weighed.batches) {
    t.ok(batch.reduce((sum, { bytes }) => sum + bytes, 0) <= batchBytesMax);
  }
});

// Seen to fail with the condition gone (nothing is refused), and with a count that is not given
// back (all is refused at the end).
t.test('a full queue answers, and takes appends again once there is room', async (t) => {
  const bytes = encode(append('s', [wordy()])).bytes;
  const ways = [
    { most: queueLengthMax, one: () => event() },
    { most: Math.floor(queueBytesMax / bytes), one: wordy },
  ];
  for (const { most, one } of ways) {
    const { append: commit, answerAll } = recording();
    const fill = [];
    for (let i = 0; i < most; i += 1) fill.push(commit(append(`s-${i}`, [one()])));
    await t.rejects(commit(append('s-over', [one()])), Overloaded);
    answerAll();
    t.ok((await Promise.all(fill)).every((result) => result === stored));
    t.equal(await commit(append('s-after', [one()])), stored);
  }
});

t.test('when the world is down, all that wait are told at once', async (t) => {
  const { append: commit, answer, batches } = recording();
  const down = Object.assign(new Error('the database system is shutting down'), { code: '57P03' });
  const all = [commit(append('s-1', [event()])), commit(append('s-1', [event()]))];
  const told = Promise.allSettled(all);
  await answer(1, down);
  t.strictSame(
    (await told).map((result) => (result as PromiseRejectedResult).reason),
    [down, down],
  );
  t.equal(batches.length, 1);
  const after = commit(append('s-1', [event()]));
  await answer(2);
  t.equal(await after, stored);
});

t.test('an append that cannot be stored fails alone', async (t) => {
  const bad = event();
  const { append: commit } = groupCommit(async (batch) => {
    const ids = batch.flatMap(({ append }) => append.events.map(({ id }) => id));
    if (ids.includes(bad.id)) throw new Error('no such thing');
    return batch.map(() => stored);
  });
  const results = await Promise.allSettled([
    commit(append('s-1', [event()])),
    commit(append('s-2', [bad])),
    commit(append('s-3', [event()])),
  ]);
  t.strictSame(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

t.test('whatever arrives, each append is answered once, in order per stream', async () => {
  const arrivals = fc.array(
    fc.record({ stream: fc.nat(4), count: fc.integer({ min: 1, max: 3 }), turn: fc.boolean() }),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(arrivals, async (steps) => {
      const order: string[] = [];
      const { append: commit } = groupCommit(async (batch) => {
        await new Promise(setImmediate);
        for (const { append } of batch) order.push(...append.events.map(({ id }) => id));
        return batch.map(() => stored);
      });
      const asked = new Map<number, string[]>();
      const all = [];
      for (const { stream, count, turn } of steps) {
        const its = events(count);
        asked.set(stream, [...(asked.get(stream) ?? []), ...its.map(({ id }) => id)]);
        all.push(commit(append(`s-${stream}`, its)));
        if (turn) await new Promise(setImmediate);
      }
      await Promise.all(all);
      return [...asked.values()].every((ids) => {
        const got = order.filter((id) => ids.includes(id));
        return got.join() === ids.join();
      });
    }),
  );
});
