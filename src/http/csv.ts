/** Tables as comma-separated values. */
import { stringify } from 'csv-stringify/sync';

/** A CSV column: its name, and the cell of an item. Null and undefined are an empty cell. */
export type Columns<Item> = Readonly<Record<string, (item: Item) => unknown>>;

/**
 * RFC 4180, with a header row unless it is a part that follows another. A text that a spreadsheet
 * would take for a formula begins with an apostrophe (OWASP, CSV injection); numbers stay numbers,
 * what is nested is JSON.
 */
export function csvOf<Item>(
  columns: Columns<Item>,
  items: readonly Item[],
  { header = true } = {},
): string {
  const cells = Object.values(columns);
  return stringify(
    items.map((item) => cells.map((cell) => guarded(cell(item)))),
    {
      header,
      columns: Object.keys(columns),
      record_delimiter: '\r\n',
      quote_record_delimiter: true,
      escape_formulas: true,
      cast: { boolean: String },
    },
  );
}

// The library's guard knows all but this one of OWASP's list.
function guarded(cell: unknown): unknown {
  return typeof cell === 'string' && cell.startsWith('\n') ? `'${cell}` : cell;
}
