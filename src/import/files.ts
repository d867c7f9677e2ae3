/**
 * A data set's file, read strictly. It is read twice: first as a whole, so that a file that breaks
 * off or whose quotes do not close records nothing at all, then row by row.
 */
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import type { JsonFault } from '../http/json-scanner.ts';
import { parseStrictJson } from '../http/strict-json.ts';
import type { Fields, FileKind, Importer } from './importer.ts';
import { type Decoder, decoderFor, FileUnreadable, sha256Of, textOf } from './text.ts';

const recordLengthMax = 1024 * 1024;
const jsonBytesMax = 64 * 1024 * 1024;
const headBytes = 64 * 1024;
const delimiters = [',', ';', '\t'];

/** A row, numbered from 1 without the header: its fields, or why it has none. */
export type FileRow = { readonly row: number } & (
  | { readonly fields: Fields }
  | { readonly fault: string }
);

export type DataFile = {
  readonly kind: FileKind;
  readonly columnsIgnored: readonly string[];
  readonly sha256: string;
  /** RFC 3339: the last day or instant that a row is of; undefined where no row has one. */
  readonly datedAt: string | undefined;
  readonly rowCount: number;
  rows(): AsyncIterable<FileRow>;
};

/**
 * Reads the whole file, of an importer's format, once; `encoding` by its WHATWG label. Throws what
 * `signal` is aborted with.
 */
export async function openFile(
  importer: Importer,
  path: string,
  encoding: string,
  signal?: AbortSignal,
): Promise<DataFile> {
  const decoder = decoderFor(encoding);
  const { columns, rows } =
    importer.reads === 'json' ? await jsonFile(path, decoder) : await csvFile(path, decoder);
  const kind = importer.kinds.find(
    ({ has, lacks = [] }) =>
      has.every((column) => columns.has(column)) && !lacks.some((column) => columns.has(column)),
  );
  if (kind === undefined) throw new FileUnreadable(unlike(importer, columns));
  let datedAt: string | undefined;
  let rowCount = 0;
  for await (const row of rows()) {
    signal?.throwIfAborted();
    rowCount += 1;
    const date = 'fields' in row ? kind.datedAt(row.fields) : undefined;
    if (date !== undefined && Date.parse(date) > Date.parse(datedAt ?? '0001-01-01')) {
      datedAt = date;
    }
  }
  const known = new Set([...kind.has, ...(kind.mayHave ?? [])]);
  const columnsIgnored =
    importer.reads === 'json' ? [] : [...columns].filter((column) => !known.has(column));
  return { kind, columnsIgnored, sha256: await sha256Of(path), datedAt, rowCount, rows };
}

function unlike({ format, kinds }: Importer, columns: ReadonlySet<string>): string {
  const missing = kinds.map(({ has }) => has.filter((column) => !columns.has(column)));
  const [least = []] = missing.toSorted((a, b) => a.length - b.length);
  return `this is no file of ${format}: it lacks ${least.slice(0, 10).join(', ')}`;
}

type Parsed = {
  readonly columns: ReadonlySet<string>;
  readonly rows: () => AsyncIterable<FileRow>;
};

async function jsonFile(path: string, decoder: Decoder): Promise<Parsed> {
  const { size } = await stat(path);
  if (size > jsonBytesMax) {
    throw new FileUnreadable(`a JSON file has at most ${jsonBytesMax} bytes, not ${size}`);
  }
  let text = '';
  for await (const part of textOf(path, decoder)) text += part;
  const values = parsedJson(text);
  if (!Array.isArray(values)) throw new FileUnreadable('this is no array of rows');
  const rows = values.map((value, i): FileRow => {
    const isRow = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRow ? { row: i + 1, fields: value } : { row: i + 1, fault: 'this is no object' };
  });
  const columns = new Set(rows.flatMap((one) => ('fields' in one ? Object.keys(one.fields) : [])));
  return {
    columns,
    async *rows() {
      yield* rows;
    },
  };
}

function parsedJson(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    const { message, pointer } = error as JsonFault;
    throw new FileUnreadable(`${pointer} ${message}`.trim());
  }
}

async function csvFile(path: string, decoder: Decoder): Promise<Parsed> {
  const head = await headerOf(path, decoder);
  const { delimiter, columns } = head;
  if (new Set(columns).size < columns.length) throw new FileUnreadable('two columns have one name');
  return { columns: new Set(columns), rows: () => csvRows(path, decoder, delimiter, columns) };
}

// The delimiter by which the first line has the most columns; names of columns hold none.
async function headerOf(path: string, decoder: Decoder) {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  await file.close();
  // What is cut off in the middle of a character is beyond the first line, or that is too long.
  const [line = ''] = new TextDecoder(decoder.encoding)
    .decode(buffer.subarray(0, bytesRead))
    .split(/\r?\n/);
  const headers = delimiters.map((delimiter) => {
    const [columns = []] = parseSync(line, { delimiter, relax_quotes: true });
    return { delimiter, columns: columns.map((column) => column.trim()) };
  });
  return headers.reduce((best, one) => (one.columns.length > best.columns.length ? one : best));
}

async function* csvRows(
  path: string,
  decoder: Decoder,
  delimiter: string,
  columns: readonly string[],
): AsyncGenerator<FileRow> {
  const parser = parse({
    delimiter,
    from: 2,
    max_record_size: recordLengthMax,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const records = Readable.from(textOf(path, decoder)).compose(parser);
  let row = 0;
  try {
    for await (const record of records as AsyncIterable<string[]>) {
      row += 1;
      yield rowOf(row, record, columns);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The header is a record too, so that as many are read as the number of the row that is not.
    throw new FileUnreadable(
      `row ${error.records}: ${error.message}; is a quote in it or before it not closed?`,
    );
  }
}

// Of a row with too many or too few fields nothing tells which is which. One that runs over several
// lines besides has most likely swallowed others by a quote that was never closed.
function rowOf(row: number, record: readonly string[], columns: readonly string[]): FileRow {
  if (record.length === columns.length) {
    return { row, fields: Object.fromEntries(columns.map((column, i) => [column, record[i]])) };
  }
  const detail = `has ${record.length} fields, not ${columns.length}`;
  if (record.some((field) => field.includes('\n'))) {
    throw new FileUnreadable(`row ${row} ${detail} and runs over lines: a quote is not closed`);
  }
  return { row, fault: `the row ${detail}` };
}
