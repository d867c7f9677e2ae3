/**
 * Statements that are run over and over on one connection. The first time one goes the driver's own
 * way, which has it prepared and its row described. The driver would go on to copy the statement,
 * ask for the same description and read it, and send four messages in four pieces; here what comes
 * after is one piece, and its answer is rows alone.
 */
import type { Socket } from 'node:net';
import pg from 'pg';
import { type BoundStatement, bindMessages } from './bind-messages.ts';

export type PreparedStatement = BoundStatement & { readonly text: string };
/** Each row as an array, and what its elements are called. */
export type Answer = { readonly rows: unknown[][]; readonly columns: readonly string[] };

type Parse = (text: string) => unknown;
type Answered = (error: Error | null, answers: readonly Answer[]) => void;
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

const noColumns: Columns = { names: [], parsers: [] };

/** Runs statements on `client`. */
export function preparedOn(client: pg.Client) {
  const known = new Map<string, Known>();
  const columnsOf = ({ fields }: Description): Columns => ({
    names: fields.map(({ name }) => name),
    parsers: fields.map(({ dataTypeID, format }) =>
      client.getTypeParser(dataTypeID, format as 'text'),
    ),
  });
  const submit = (query: object) => void client.query(query as pg.Submittable);
  const lookUp = ({ name, text }: PreparedStatement): Columns | undefined => {
    const own = known.get(name);
    return own?.text === text ? own : undefined;
  };
  return {
    /**
     * Runs them one after the other and answers them together: PostgreSQL reads one message and
     * sends one. They are of one transaction, or one alone: where one fails, so do those behind it.
     */
    run(statements: readonly PreparedStatement[], answered: Answered): void {
      if (statements.length === 0) {
        answered(null, []);
        return;
      }
      const columns = statements.map(lookUp);
      if (statements.length === 1 || !columns.includes(undefined)) {
        submit(new Run(statements, columns, known, columnsOf, answered));
        return;
      }
      const answers: Answer[] = [];
      let failed: Error | null = null;
      const answeredOne: Answered = (error, answer) => {
        failed ??= error;
        answers.push(...answer);
        if (answers.length === statements.length) answered(failed, answers);
      };
      for (const [i, statement] of statements.entries()) {
        submit(new Run([statement], [columns[i]], known, columnsOf, answeredOne));
      }
    },
    /** Has the server let go of a statement; its name can be another's then. */
    forget: (name: string): void => submit(new Forget(name, known)),
  };
}

// The driver's class as it is, not as its types have it: it calls these by name.
type DriverQuery = {
  readonly text: string;
  name: string;
  values: BoundStatement['values'];
  callback?: () => void;
  submit(connection: Connection): Error | null;
};
const DriverQuery = pg.Query as unknown as new (text: string) => DriverQuery;

// Into a pipeline the driver takes no query of another class. Of several each is known.
class Run extends DriverQuery {
  readonly #statements: readonly PreparedStatement[];
  readonly #known: Map<string, Known>;
  readonly #columnsOf: (description: Description) => Columns;
  readonly #columns: (Columns | undefined)[];
  readonly #rows: unknown[][][];
  /** Which of them is being answered. */
  #at = 0;
  #fault: Error | undefined;
  #answered: Answered | undefined;

  constructor(
    statements: readonly PreparedStatement[],
    columns: (Columns | undefined)[],
    known: Map<string, Known>,
    columnsOf: (description: Description) => Columns,
    answered: Answered,
  ) {
    const { name, text, values } = statements[0] as PreparedStatement;
    super(text);
    this.name = name;
    this.values = values;
    this.#statements = statements;
    this.#answered = answered;
    this.#known = known;
    this.#columnsOf = columnsOf;
    this.#columns = columns;
    this.#rows = statements.map(() => []);
  }

  override submit(connection: Connection): Error | null {
    // Also where the name is another text's, which the driver refuses.
    if (this.#columns[0] === undefined) return super.submit(connection);
    // Of one that is broken its error tells.
    if (connection.stream.writable) connection.stream.write(bindMessages(this.#statements));
    return null;
  }

  handleRowDescription(description: Description): void {
    const columns = this.#columnsOf(description);
    this.#columns[0] = columns;
    this.#known.set(this.name, { text: this.text, ...columns });
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    try {
      const { parsers } = this.#columns[this.#at] as Columns;
      this.#rows[this.#at]?.push(
        fields.map((text, i) => (text === null ? null : parsers[i]?.(text))),
      );
    } catch (fault) {
      this.#fault ??= fault as Error;
    }
  }

  handleCommandComplete(): void {
    // What answers no rows is described by none.
    if (this.#columns[this.#at] === undefined) {
      this.#known.set(this.name, { text: this.text, ...noColumns });
    }
    this.#at += 1;
  }

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
    answered?.(
      error,
      this.#rows.map((rows, i) => ({ rows, columns: this.#columns[i]?.names ?? [] })),
    );
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
