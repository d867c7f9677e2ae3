/**
 * A batch of appends as a statement, and its answer as results: the other side of
 * `migrations/0002_append.sql`. A statement with a name is prepared once per connection.
 */
import type { PreparedStatement } from '../prepared.ts';
import {
  int2Array,
  int4Array,
  int8Array,
  jsonArray,
  textArray,
  uuidArray,
} from './binary-array.ts';
import type { EncodedAppend } from './encode.ts';
import type { AppendResult, NewEvent } from './event-store.ts';

export type Statement = PreparedStatement & {
  /** The results, in the order of the batch, that the only row stands for. */
  readonly resultsOf: (row: unknown[]) => AppendResult[];
};
type Outcome = AppendResult['outcome'];

/**
 * The fastest statement for the batch. It fails by a unique violation, and stores nothing, where it
 * took for new what was not: then `sureStatementFor` has the answer.
 */
export function statementFor(batch: readonly EncodedAppend[]): Statement {
  return loneEvent(batch) ?? newStreams(batch) ?? sureStatementFor(batch);
}

function loneEvent(batch: readonly EncodedAppend[]): Statement | undefined {
  const [{ append, datas, metadatas, bytes }, second] = batch as [EncodedAppend, EncodedAppend?];
  const [event, next] = append.events as [NewEvent, NewEvent?];
  if (second !== undefined || next !== undefined) return undefined;
  return {
    name: 'append_event',
    text: 'select * from append_event($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      append.stream,
      toInteger(append.expectedVersion),
      event.id,
      event.type,
      event.schema_version,
      datas[0],
      metadatas[0],
      bytes,
    ],
    resultsOf: (row) => [resultOf(...(row as [Outcome, number, number | null]))],
  };
}

function newStreams(batch: readonly EncodedAppend[]): Statement | undefined {
  if (batch.some(({ append }) => append.expectedVersion !== 0)) return undefined;
  return {
    name: 'append_new_streams',
    text: 'select append_new_streams($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      textArray(batch.flatMap(({ append }) => append.events.map(() => append.stream))),
      int4Array(batch.flatMap(({ append }) => append.events.map((_, k) => k + 1))),
      ...eventArrays(batch),
    ],
    resultsOf: ([head]) => allStored(batch, head as number),
  };
}

/** The statement that has everything looked up. */
export function sureStatementFor(batch: readonly EncodedAppend[]): Statement {
  return {
    name: 'append_events',
    text: 'select * from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
    values: [
      textArray(batch.map(({ append }) => append.stream)),
      int4Array(batch.map(({ append }) => toInteger(append.expectedVersion))),
      int4Array(batch.map(({ append }) => append.events.length)),
      int4Array(batch.flatMap(({ append }, i) => append.events.map(() => i + 1))),
      int4Array(batch.flatMap(({ append }) => append.events.map((_, k) => k + 1))),
      ...eventArrays(batch),
    ],
    resultsOf(row) {
      const [head, outcomes, versions, positions] = row as [
        number,
        Outcome[] | null,
        number[],
        (number | null)[],
      ];
      if (outcomes === null) return allStored(batch, head);
      return outcomes.map((outcome, i) =>
        resultOf(outcome, versions[i] as number, positions[i] as number | null),
      );
    },
  };
}

function eventArrays(batch: readonly EncodedAppend[]): Buffer[] {
  const events = batch.flatMap(({ append }) => append.events);
  return [
    uuidArray(events.map(({ id }) => id)),
    textArray(events.map(({ type }) => type)),
    int2Array(events.map(({ schema_version }) => schema_version)),
    jsonArray(batch.flatMap(({ datas }) => datas)),
    jsonArray(batch.flatMap(({ metadatas }) => metadatas)),
    int8Array(runningSums(batch.flatMap(({ sizes }) => sizes))),
  ];
}

function resultOf(outcome: Outcome, version: number, position: number | null): AppendResult {
  if (outcome === 'stored' || outcome === 'duplicate') {
    return { outcome, version, position: position as number };
  }
  return { outcome, currentVersion: version };
}

// In the plain case PostgreSQL need not say what follows from the batch itself.
function allStored(batch: readonly EncodedAppend[], head: number): AppendResult[] {
  let position = head;
  return batch.map(({ append: { expectedVersion, events } }) => {
    position += events.length;
    const version = (expectedVersion as number) + events.length;
    return { outcome: 'stored', version, position };
  });
}

function runningSums(sizes: readonly number[]): number[] {
  let through = 0;
  return sizes.map((size) => {
    through += size;
    return through;
  });
}

function toInteger(expectedVersion: number | 'any'): number {
  return expectedVersion === 'any' ? -1 : expectedVersion;
}
