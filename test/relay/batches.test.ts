import t from 'tap';
import { readAhead } from '../../src/eventstore/read-ahead.ts';
import { inBatches } from '../../src/relay/batches.ts';

const event = (position: number) => ({
  ...{ position, id: `e-${position}`, stream: 's-1', version: position, type: 'Tested' },
  ...{ schema_version: 1, recorded_at: '2022-09-12T12:39:00Z', data: { text: 'x'.repeat(100) } },
  metadata: { correlation_id: 'c', recorded_by: 'test' },
});

t.test('a batch is as large as it may be, one event at least, and ends at its last', async (t) => {
  const events = [1, 2, 3, 4].map(event);
  const shape = (bytesMax: number) =>
    inBatches(events, 'log', bytesMax).map(({ messages, last }) => [messages.length, last]);
  const last = (position: number) => ({ position, eventId: `e-${position}` });
  t.strictSame(shape(1e6), [[4, last(4)]]);
  t.strictSame(
    shape(1),
    [1, 2, 3, 4].map((position) => [1, last(position)]),
  );
  t.strictSame(inBatches([], 'log'), []);
});

// Seen to fail with the next batch read ahead after each one.
t.test('the next batch is read while a full one is worked on, and only then', async (t) => {
  let read = 0;
  async function* batches() {
    for (const size of [2, 1, 2, 0]) {
      read += 1;
      yield Array.from({ length: size }, () => read);
    }
  }
  const seen: number[] = [];
  for await (const batch of readAhead(batches(), ({ length }) => length >= 2)) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(batch.length, read);
  }
  t.strictSame(seen, [2, 2, 1, 2, 2, 4, 0, 4]);
});
