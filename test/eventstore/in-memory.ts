/** The port without a database: what the real store is compared with. */
import { encode } from '../../src/eventstore/encode.ts';
import type {
  Append,
  AppendResult,
  EventStore,
  RecordedEvent,
} from '../../src/eventstore/event-store.ts';

/** Keeps everything, in an array. It passes the contract suite. */
export function inMemoryEventStore(): EventStore {
  const log: RecordedEvent[] = [];
  const streamOf = (stream: string) => log.filter((event) => event.stream === stream);

  function decide({ stream, expectedVersion, events }: Append): AppendResult | undefined {
    const currentVersion = streamOf(stream).length;
    const found = events.map(({ id }) => log.find((event) => event.id === id));
    const first = found[0];
    const isDuplicate = found.every(
      (event, i) =>
        event !== undefined &&
        event.stream === stream &&
        event.type === events[i]?.type &&
        event.schema_version === events[i]?.schema_version &&
        JSON.stringify(event.data) === JSON.stringify(events[i]?.data) &&
        event.version === (first?.version ?? 0) + i,
    );
    const last = found.at(-1);
    if (isDuplicate && last) {
      return { outcome: 'duplicate', version: last.version, position: last.position };
    }
    if (found.some((event) => event !== undefined)) {
      return { outcome: 'id_conflict', currentVersion };
    }
    if (expectedVersion !== 'any' && expectedVersion !== currentVersion) {
      return { outcome: 'wrong_version', currentVersion };
    }
    return undefined;
  }

  return {
    async append(append) {
      const { datas, metadatas } = encode(append);
      const decided = decide(append);
      if (decided) return decided;
      const { stream, events } = append;
      for (const [i, event] of events.entries()) {
        log.push({
          ...event,
          stream,
          data: JSON.parse(datas[i] as string),
          metadata: JSON.parse(metadatas[i] as string),
          version: streamOf(stream).length + 1,
          position: log.length + 1,
          recorded_at: new Date().toISOString(),
        });
      }
      return { outcome: 'stored', version: streamOf(stream).length, position: log.length };
    },
    readStream: async (stream) => streamOf(stream),
    readStreams: async (streams) => log.filter(({ stream }) => streams.includes(stream)),
    async readLog(after, limit, bytesMax) {
      let bytes = 0;
      return log.slice(after, after + limit).filter(({ data, metadata }, i) => {
        bytes += Buffer.byteLength(JSON.stringify(data) + JSON.stringify(metadata));
        return i === 0 || bytes <= bytesMax;
      });
    },
    findEvent: async (id) => log.find((event) => event.id === id),
    findEvents: async (ids) => log.filter(({ id }) => ids.includes(id)),
    knowsStreams: (streams) => streams.every((stream) => streamOf(stream).length > 0),
    findMissingStreams: async (streams) => [
      ...new Set(streams.filter((stream) => streamOf(stream).length === 0)),
    ],
    listStreams: async (prefix, after, limit) =>
      [...new Set(log.map(({ stream }) => stream))]
        .filter((stream) => stream.startsWith(prefix) && stream > after)
        .sort()
        .slice(0, limit),
    head: async () => log.length,
  };
}
