/**
 * A batch of appends as a statement, and its answer as results: the other side of
 * `migrations/0002_append.sql`. A statement with a name is prepared once per connection.
 */
import type pg from 'pg';
import type { EncodedAppend } from './encode.ts';
import type { AppendResult, NewEvent } from './event-store.ts';

export type Statement = pg.QueryArrayConfig & {
  /** The results, in the order of the batch, that the only row stands for. */
  readonly resultsOf: (row: unknown[]) => AppendResult[];
};
type Outcome = AppendResult['outcome'];

const jsonOid = 114;

/**
 * The fastest statement for the batch. It fails by a unique violation, and stores nothing, where it
 * took for new what was not: then `sureStatementFor` has the answer.
 */
export function statementFor(batch: readonly EncodedAppend[]): Statement {
  const expectsNone = batch.every(({ append }) => append.expectedVersion === 0);
  return loneEvent(batch) ?? allOf(batch, expectsNone);
}

/** The statement that has everything looked up. */
export function sureStatementFor(batch: readonly EncodedAppend[]): Statement {
  return allOf(batch, false);
}

function loneEvent(batch: readonly EncodedAppend[]): Statement | undefined {
  const [{ append, datas, metadatas, bytes }, second] = batch as [EncodedAppend, EncodedAppend?];
  const [event, next] = append.events as [NewEvent, NewEvent?];
  if (second !== undefined || next !== undefined) return undefined;
  return {
    name: 'append_event',
    rowMode: 'array',
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

function allOf(batch: readonly EncodedAppend[], allNew: boolean): Statement {
  const events = batch.flatMap(({ append }) => append.events);
  return {
    name: 'append_events',
    rowMode: 'array',
    text: 'select * from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
    values: [
      batch.map(({ append }) => append.stream),
      batch.map(({ append }) => toInteger(append.expectedVersion)),
      batch.map(({ append }) => append.events.length),
      batch.flatMap(({ append }, i) => append.events.map(() => i + 1)),
      batch.flatMap(({ append }) => append.events.map((_, k) => k + 1)),
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ schema_version }) => schema_version),
      jsonArray(batch.flatMap(({ datas }) => datas)),
      jsonArray(batch.flatMap(({ metadatas }) => metadatas)),
      runningSums(batch.flatMap(({ sizes }) => sizes)),
      allNew,
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

/**
 * JSON texts as PostgreSQL's binary format of `json[]`: dimensions, flags, element type, length,
 * lower bound, then each element behind its length. As text each quotation mark would be escaped.
 */
function jsonArray(texts: readonly string[]): Buffer {
  const bytes = texts.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), 20);
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const field of [1, 0, jsonOid, texts.length, 1]) at = buffer.writeInt32BE(field, at);
  for (const text of texts) {
    const length = buffer.write(text, at + 4);
    at = buffer.writeInt32BE(length, at) + length;
  }
  return buffer;
}
