/** What every event store promises, whatever it keeps its events in. */
import { randomUUID } from 'node:crypto';
import type { Test as TapTest } from 'tap';
import { appendEventsMax, eventBytesMax, streamLengthMax } from '../../src/eventstore/encode.ts';
import { type EventStore, type NewEvent, TooLarge } from '../../src/eventstore/event-store.ts';
import { append, event, events } from './events.ts';

const pageBytesMax = 1_000_000;

/** Adds the suite to `t`; `open` makes an empty store for each test. */
export function contract(t: TapTest, open: (t: TapTest) => Promise<EventStore>): void {
  t.test('positions are dense in order, versions dense per stream', async (t) => {
    const store = await open(t);
    t.strictSame(await store.append(append('a-1', events(2), 0)), {
      outcome: 'stored',
      version: 2,
      position: 2,
    });
    t.match(await store.append(append('a-2', events(1), 0)), { version: 1, position: 3 });
    t.match(await store.append(append('a-1', events(1), 2)), { version: 3, position: 4 });
    const log = await store.readLog(0, 100, pageBytesMax);
    t.strictSame(
      log.map(({ position, stream, version }) => [position, stream, version]),
      [
        [1, 'a-1', 1],
        [2, 'a-1', 2],
        [3, 'a-2', 1],
        [4, 'a-1', 3],
      ],
    );
    t.equal(await store.head(), 4);
    t.strictSame(
      (await store.readStream('a-1')).map(({ version }) => version),
      [1, 2, 3],
    );
  });

  t.test('an event is read as it was appended', async (t) => {
    const store = await open(t);
    const text = 'лінія\nдруга \u2028 "\\ \u0000 𝔄 {}[]';
    const appended = event({ text, deep: [{ n: 1.5e300 }], none: null, '2': 1, '1': 2 });
    await store.append(append('a-ї "\\,{}', [appended]));
    const [read] = await store.readLog(0, 1, pageBytesMax);
    t.match(read, { stream: 'a-ї "\\,{}', version: 1, position: 1 });
    t.strictSame({ ...appended }, pick(read, Object.keys(appended)));
    t.match(read?.recorded_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    t.strictSame(await store.findEvent(appended.id), read);
    t.equal(await store.findEvent(randomUUID()), undefined);
    const streams = ['a-9', 'a-ї "\\,{}', 'a-9'];
    t.strictSame(await store.findMissingStreams(streams), ['a-9']);
    t.equal(store.knowsStreams(streams), false);
    t.equal(store.knowsStreams(streams.slice(1, 2)), true, 'it was found');
    t.equal(store.knowsStreams(['a-8']), false);
  });

  t.test('several streams and events are read at once, in order of position', async (t) => {
    const store = await open(t);
    const [first, second, third] = events(3) as [NewEvent, NewEvent, NewEvent];
    for (const [stream, event] of [
      ['a-1', first],
      ['b-1', second],
      ['c-1', third],
    ] as const) {
      await store.append({ stream, expectedVersion: 0, events: [event] });
    }
    const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);
    t.strictSame(ids(await store.readStreams(['c-1', 'a-1', 'x-1'])), [first.id, third.id]);
    t.strictSame(ids(await store.findEvents([third.id, randomUUID(), second.id])), [
      second.id,
      third.id,
    ]);
    t.strictSame(ids(await store.readStreams(['a-1', 'a-1'])), ids(await store.readStream('a-1')));
    t.strictSame(await store.readStreams([]), []);
    t.strictSame(await store.findEvents([]), []);
  });

  t.test('a wrong expected version names the current one and stores nothing', async (t) => {
    const store = await open(t);
    await store.append(append('a-1', events(1), 0));
    for (const expected of [0, 2]) {
      for (const count of [1, 2]) {
        t.strictSame(await store.append(append('a-1', events(count), expected)), {
          outcome: 'wrong_version',
          currentVersion: 1,
        });
      }
    }
    t.equal(await store.head(), 1);
  });

  t.test('the same ids with the same content answer as at first, also later', async (t) => {
    const store = await open(t);
    const two = [event({ n: 1 }), event({ n: 2 })];
    const one = event({ n: 3 });
    await store.append(append('a-1', two, 0));
    await store.append(append('a-1', [one], 2));
    for (const expected of [0, 2, 'any'] as const) {
      const again = await store.append(append('a-1', two, expected));
      t.strictSame(again, { outcome: 'duplicate', version: 2, position: 2 });
    }
    for (const expected of [2, 3, 'any'] as const) {
      const again = await store.append(append('a-1', [one], expected));
      t.strictSame(again, { outcome: 'duplicate', version: 3, position: 3 });
    }
    t.equal(await store.head(), 3);
  });

  // Seen to fail, each for its line, with the comparison of that member, with `e.stream = ...`, and
  // with the last line of `found` taken out of append_events.
  t.test(
    'a taken id with other content, elsewhere or in other company is a conflict',
    async (t) => {
      const store = await open(t);
      const [first, second] = [event({ n: 1 }), event({ n: 2 })];
      await store.append(append('a-1', [first, second], 0));
      const conflict = { outcome: 'id_conflict', currentVersion: 2 };
      t.strictSame(await store.append(append('a-1', [{ ...first, data: { n: 3 } }])), conflict);
      t.strictSame(await store.append(append('a-1', [{ ...first, type: 'Other' }])), conflict);
      t.strictSame(
        await store.append(append('a-1', [{ ...first, schema_version: 2 }], 2)),
        conflict,
      );
      t.strictSame(await store.append(append('a-1', [first, event()])), conflict);
      t.strictSame(await store.append(append('a-1', [second, first])), conflict);
      t.match(await store.append(append('a-2', [first])), { ...conflict, currentVersion: 0 });
      t.equal(await store.head(), 2);
    },
  );

  t.test('of appends at one version at once exactly one is stored', async (t) => {
    const store = await open(t);
    const results = await Promise.all(
      Array.from({ length: 50 }, () => store.append(append('a-1', events(1), 0))),
    );
    t.equal(results.filter(({ outcome }) => outcome === 'stored').length, 1);
    t.equal(results.filter(({ outcome }) => outcome === 'wrong_version').length, 49);
  });

  t.test('appends to one stream keep the order in which they were asked for', async (t) => {
    const store = await open(t);
    const asked = events(30);
    await Promise.all(asked.map((one) => store.append(append('a-1', [one]))));
    t.strictSame(
      (await store.readStream('a-1')).map(({ id }) => id),
      asked.map(({ id }) => id),
    );
  });

  t.test('a conflict does not fail those appended with it', async (t) => {
    const store = await open(t);
    const taken = event({ n: 1 });
    await store.append(append('a-1', [taken], 0));
    const results = await Promise.all([
      store.append(append('a-2', events(2), 0)),
      store.append(append('a-3', events(1), 7)),
      store.append(append('a-4', [{ ...taken, data: { n: 2 } }], 0)),
      store.append(append('a-5', events(3), 'any')),
      store.append(append('a-1', [taken], 0)),
      store.append(append('a-6', events(1), 0)),
    ]);
    t.strictSame(results, [
      { outcome: 'stored', version: 2, position: 3 },
      { outcome: 'wrong_version', currentVersion: 0 },
      { outcome: 'id_conflict', currentVersion: 0 },
      { outcome: 'stored', version: 3, position: 6 },
      { outcome: 'duplicate', version: 1, position: 1 },
      { outcome: 'stored', version: 1, position: 7 },
    ]);
  });

  t.test('a page of the log is bounded by count and by bytes, and is never empty', async (t) => {
    const store = await open(t);
    const big = event({ text: 'x'.repeat(10_000) });
    await store.append(append('a-1', [event(), big, event(), event()]));
    const positions = async (after: number, limit: number, bytesMax: number) =>
      (await store.readLog(after, limit, bytesMax)).map(({ position }) => position);
    t.strictSame(await positions(0, 2, pageBytesMax), [1, 2]);
    t.strictSame(await positions(0, 9, 5_000), [1]);
    t.strictSame(await positions(1, 9, 5_000), [2]);
    t.strictSame(await positions(1, 9, 1), [2]);
    t.strictSame(await positions(2, 9, 5_000), [3, 4]);
    t.strictSame(await positions(4, 9, 5_000), []);
  });

  t.test('limits are refused by name, and nothing is stored', async (t) => {
    const store = await open(t);
    const over: [string, NewEvent[], RegExp][] = [
      ['a-1', [], /1 to 100 events, not 0/],
      ['a-1', events(appendEventsMax + 1), /1 to 100 events, not 101/],
      ['a-1', [event({ text: 'є'.repeat(eventBytesMax / 2) })], /at most 524288 bytes, not/],
      [`a-${'1'.repeat(streamLengthMax)}`, events(1), /at most 256 characters, not 258/],
      ['a-1', [{ ...event(), type: 'T'.repeat(129) }], /at most 128 characters, not 129/],
    ];
    for (const [stream, its, message] of over) {
      const refused = await store.append(append(stream, its)).catch((error) => error);
      t.ok(refused instanceof TooLarge);
      t.match(refused.message, message);
    }
    t.equal(await store.head(), 0);
  });

  t.test('the largest append that is allowed is stored', async (t) => {
    const store = await open(t);
    const overhead = JSON.stringify({ text: '' }).length + JSON.stringify(event().metadata).length;
    const largest = event({ text: 'x'.repeat(eventBytesMax - overhead) });
    t.match(await store.append(append('a-1', [largest])), { outcome: 'stored' });
    const many = events(appendEventsMax);
    t.match(await store.append(append('a-2', many)), { position: 1 + appendEventsMax });
  });

  t.test('what is no append is refused before it is sent', async (t) => {
    const store = await open(t);
    const same = event();
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    const wrong = [
      append('', events(1)),
      append('a-\0', events(1)),
      append('a-\ud800', events(1)),
      append('a-1', events(1), -1),
      append('a-1', events(1), 1.5),
      append('a-1', events(1), 2 ** 31),
      append('a-1', [same, same]),
      append('a-1', [event({}, 'no-uuid')]),
      append('a-1', [event({}, randomUUID().toUpperCase())]),
      append('a-1', [{ ...event(), type: '' }]),
      append('a-1', [{ ...event(), schema_version: 0 }]),
      append('a-1', [{ ...event(), schema_version: 40_000 }]),
      append('a-1', [{ ...event(), data: null as never }]),
      append('a-1', [{ ...event(), data: (() => 1) as never }]),
      append('a-1', [event(cyclic)]),
    ];
    for (const one of wrong) await t.rejects(store.append(one), TypeError);
    t.equal(await store.head(), 0);
  });
}

function pick(from: object | undefined, keys: string[]): object {
  return Object.fromEntries(Object.entries(from ?? {}).filter(([key]) => keys.includes(key)));
}
