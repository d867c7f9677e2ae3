/** Imports into a real log, of rows that a test gives. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { RejectedRow } from '../../src/import/chunk.ts';
import { openFile } from '../../src/import/files.ts';
import type { Fields, Importer } from '../../src/import/importer.ts';
import { type Import, importFile } from '../../src/import/run.ts';

type Test = { testdir(): string };

/** Records the rows as a file of the importer's format; also says which were rejected. */
export async function importRows(
  t: Test,
  store: EventStore,
  importer: Importer,
  rows: readonly Fields[],
  more: Partial<Import> = {},
) {
  const path = join(t.testdir(), 'rows');
  await writeFile(path, importer.reads === 'json' ? JSON.stringify(rows) : csvOf(rows));
  const rejected: RejectedRow[] = [];
  const imported = await importFile({
    ...{ store, importer, conflictId: undefined, published: undefined, full: undefined },
    file: await openFile(importer, path, 'utf-8'),
    signal: new AbortController().signal,
    onRejected: (row) => rejected.push(row),
    onProgress: () => undefined,
    ...more,
  });
  return { ...imported, rejected };
}

/** RFC 4180, each field quoted. */
export function csvOf(rows: readonly Fields[]): string {
  const quoted = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
  return lines.map((fields) => `${fields.map(quoted).join(',')}\r\n`).join('');
}
