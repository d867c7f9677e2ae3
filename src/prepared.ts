/**
 * Statements that are run over and over on one connection. The first time one goes the driver's own
 * way, which has it prepared and its row described. The driver would go on to copy the statement,
 * ask for the same description and read it, and send four messages in four pieces; here what comes
 * after is one piece, and its answer is rows alone.
 */
import type { Socket } from 'node:net';
import pg from 'pg';

export type PreparedStatement = {
  /** In ASCII, and of one text alone for as long as the connection lasts. */
  readonly name: string;
  readonly text: string;
  /** A number goes as text, a buffer as what it is in PostgreSQL's binary format. */
  readonly values: readonly Value[];
};

type Value = string | number | Buffer | null | undefined;
type Parse = (text: string) => unknown;
type Answered = (error: Error | null, rows: unknown[][], columns: readonly string[]) => void;
type Connection = {
  readonly stream: Socket;
  /** The driver's own note of what it has prepared, by name. */
  readonly parsedStatements: Record<string, string>;
  close(statement: { type: 'S'; name: string }): void;
  sync(): void;
};
type Description = { fields: { name: string; dataTypeID: number; format: string }[] };
type Columns = { readonly names: readonly string[]; readonly parsers: readonly Parse[] };
/** Of a statement that is prepared: its text, and what reads its columns. */
type Known = Columns & { readonly text: string };

/** Runs statements on `client`, each row as an array. */
export function preparedOn(client: pg.Client) {
  const known = new Map<string, Known>();
  const columnsOf = ({ fields }: Description): Columns => ({
    names: fields.map(({ name }) => name),
    parsers: fields.map(({ dataTypeID, format }) =>
      client.getTypeParser(dataTypeID, format as 'text'),
    ),
  });
  const submit = (query: object) => void client.query(query as pg.Submittable);
  return {
    run: (statement: PreparedStatement, answered: Answered): void =>
      submit(new Run(statement, known, columnsOf, answered)),
    /** Has the server let go of a statement; its name can be another's then. */
    forget: (name: string): void => submit(new Forget(name, known)),
  };
}

// The driver's class as it is, not as its types have it: it calls these by name.
type DriverQuery = {
  readonly text: string;
  name: string;
  values: readonly Value[];
  callback?: () => void;
  submit(connection: Connection): Error | null;
};
const DriverQuery = pg.Query as unknown as new (text: string) => DriverQuery;

// Into a pipeline the driver takes no query of another class.
class Run extends DriverQuery {
  readonly #known: Map<string, Known>;
  readonly #columnsOf: (description: Description) => Columns;
  readonly #rows: unknown[][] = [];
  #columns: Columns | undefined;
  #fault: Error | undefined;
  #answered: Answered | undefined;

  constructor(
    { name, text, values }: PreparedStatement,
    known: Map<string, Known>,
    columnsOf: (description: Description) => Columns,
    answered: Answered,
  ) {
    super(text);
    this.name = name;
    this.values = values;
    this.#answered = answered;
    this.#known = known;
    this.#columnsOf = columnsOf;
    const own = known.get(name);
    if (own?.text === text) this.#columns = own;
  }

  override submit(connection: Connection): Error | null {
    // Also where the name is another text's, which the driver refuses.
    if (this.#columns === undefined) return super.submit(connection);
    // Of one that is broken its error tells.
    if (connection.stream.writable) connection.stream.write(run(this.name, this.values));
    return null;
  }

  handleRowDescription(description: Description): void {
    this.#columns = this.#columnsOf(description);
    this.#known.set(this.name, { text: this.text, ...this.#columns });
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    try {
      const { parsers } = this.#columns as Columns;
      this.#rows.push(fields.map((text, i) => (text === null ? null : parsers[i]?.(text))));
    } catch (fault) {
      this.#fault ??= fault as Error;
    }
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#answer(this.#fault ?? null);
  }

  handleError(error: Error): void {
    this.#answer(error);
  }

  // Once, and then let go of: what is over, but old to the garbage collector, would keep what it
  // leads to alive (`eventstore/append-queue.ts`).
  #answer(error: Error | null): void {
    const answered = this.#answered;
    this.#answered = undefined;
    // The client may have put its watch over the time there.
    this.callback?.();
    answered?.(error, this.#rows, this.#columns?.names ?? []);
  }
}

class Forget {
  callback?: () => void;
  readonly #name: string;
  readonly #known: Map<string, Known>;

  constructor(name: string, known: Map<string, Known>) {
    this.#name = name;
    this.#known = known;
  }

  // To close what is not there is no error.
  submit(connection: Connection): void {
    this.#known.delete(this.#name);
    delete connection.parsedStatements[this.#name];
    connection.close({ type: 'S', name: this.#name });
    connection.sync();
  }

  handleReadyForQuery(): void {
    this.callback?.();
  }

  // Of a connection that is broken those that wait for an answer are told.
  handleError(): void {}
}

const textFormat = 0;
const binaryFormat = 1;
const nullLength = -1;
// Execute, all rows, and Sync.
const execute = Buffer.from('E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04', 'latin1');

/** The messages that run a prepared statement: Bind, without a portal's name, Execute, Sync. */
function run(name: string, values: readonly Value[]): Buffer {
  const count = values.length;
  // Code, length, portal, statement, formats, values, format of what is answered.
  let bindLength = 1 + 4 + 1 + (name.length + 1) + (2 + 2 * count) + (2 + 4 * count) + (2 + 2);
  const sizes: number[] = [];
  for (const value of values) {
    const size = sizeOf(value);
    sizes.push(size);
    if (size !== nullLength) bindLength += size;
  }
  const message = Buffer.allocUnsafe(bindLength + execute.length);
  message.write('B', 0, 'latin1');
  message.writeInt32BE(bindLength - 1, 1);
  message[5] = 0;
  let at = 6 + message.write(name, 6, 'latin1');
  message[at] = 0;
  at = message.writeInt16BE(count, at + 1);
  for (const value of values) {
    at = message.writeInt16BE(Buffer.isBuffer(value) ? binaryFormat : textFormat, at);
  }
  at = message.writeInt16BE(count, at);
  for (let i = 0; i < count; i += 1) {
    const value = values[i];
    at = message.writeInt32BE(sizes[i] as number, at);
    if (Buffer.isBuffer(value)) at += value.copy(message, at);
    else if (value !== null && value !== undefined) at += message.write(String(value), at, 'utf8');
  }
  at = message.writeInt16BE(1, at);
  at = message.writeInt16BE(textFormat, at);
  execute.copy(message, at);
  return message;
}

function sizeOf(value: Value): number {
  if (value === null || value === undefined) return nullLength;
  return Buffer.isBuffer(value) ? value.length : Buffer.byteLength(String(value));
}
