/**
 * A log that answers appends as the real one would, and stores none of them there: they are in a
 * temporary table, which is gone with its connection. So a dry run of any length takes no more
 * memory than the real one.
 */
import type { Pipeline } from '../pipeline.ts';
import { encode } from './encode.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';

const createTable = `
  create temporary table unsaid_events (
    position bigint primary key, id uuid not null unique, stream text collate "C" not null,
    version integer not null, type text not null, schema_version smallint not null,
    recorded_at timestamptz not null default now(), data json not null, metadata json not null,
    unique (stream, version))`;
const insertEvents = `
  insert into unsaid_events (position, id, stream, version, type, schema_version, data, metadata)
  select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::integer[], $5::text[],
                       $6::smallint[], $7::json[], $8::json[])`;

type Row = [number, string, string, number, string, number, string, string];

/** `connect` opens a connection that is the dry run's alone, until it is closed. */
export async function dryRunStore(
  store: EventStore,
  connect: () => Promise<Pipeline>,
): Promise<EventStore & { close(): Promise<void> }> {
  const pipeline = await connect();
  await pipeline.query({ text: createTable });
  let waiting: Row[] = [];
  let position = await store.head();

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    const values = (rows[0] as Row).map((_, column) => rows.map((row) => row[column]));
    await pipeline.query({ text: insertEvents, values });
  }
  async function find(
    column: 'stream' | 'id',
    values: readonly string[],
  ): Promise<RecordedEvent[]> {
    await flush();
    const type = column === 'id' ? 'uuid[]' : 'text[]';
    const where = `where ${column} = any ($1::${type})`;
    const text = `select * from unsaid_events ${where} order by position`;
    return (await pipeline.query({ text, values: [[...values]] })) as RecordedEvent[];
  }
  const readStreams = async (streams: readonly string[]) => [
    ...(await store.readStreams(streams)),
    ...(await find('stream', streams)),
  ];
  const findEvents = async (ids: readonly string[]) => [
    ...(await store.findEvents(ids)),
    ...(await find('id', ids)),
  ];

  return {
    ...store,
    async append(append) {
      const { stream, expectedVersion, events } = append;
      const { datas, metadatas } = encode(append);
      if (expectedVersion === 'any') throw new TypeError('a dry run appends at a version');
      for (const [i, { id, type, schema_version }] of events.entries()) {
        position += 1;
        const texts = [datas[i], metadatas[i]] as [string, string];
        const version = expectedVersion + i + 1;
        waiting.push([position, id, stream, version, type, schema_version, ...texts]);
      }
      return { outcome: 'stored', version: expectedVersion + events.length, position };
    },
    readStreams,
    readStream: (stream) => readStreams([stream]),
    findEvents,
    findEvent: async (id) => (await findEvents([id]))[0],
    async findMissingStreams(streams) {
      const missing = await store.findMissingStreams(streams);
      if (missing.length === 0) return [];
      const found = new Set((await find('stream', missing)).map(({ stream }) => stream));
      return missing.filter((stream) => !found.has(stream));
    },
    close: () => pipeline.close(),
  };
}
