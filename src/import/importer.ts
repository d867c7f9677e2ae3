/**
 * What an importer is: pure functions from the rows of a data set to what is to be said in the log.
 * It reads no file and knows no log; `run.ts` does both.
 */
import { v5 as uuidv5 } from 'uuid';
import type { DataOf, EventType } from '../domain/catalogue.ts';
import type { contentOf } from '../domain/claim.ts';

/** A command by the type of the event that it leads to; `data` is without the id. */
export type Said = { readonly type: EventType; readonly id: string; readonly data: object };

/** A claim as the file says it, and the id that it has whatever the file says of it. */
export type DraftClaim = { readonly id: string; readonly content: Content };
export type Content = ReturnType<typeof contentOf>;

/** What a row says. Faults are what of it cannot be recorded; the rest still is. */
export type Draft = {
  /** The actors, places, conflicts and reports that the claims name, in the order of naming. */
  readonly entries: readonly Said[];
  readonly claims: readonly DraftClaim[];
  /** Claims that such a row may hold and this one does not: made by an earlier file, they end. */
  readonly absent: readonly string[];
  /** Earlier claims of the file that this row takes the place of. */
  readonly superseded: readonly Superseded[];
  readonly faults: readonly string[];
};

/** A claim that another took the place of, and when that was said. */
export type Superseded = {
  readonly id: string;
  readonly by: string;
  readonly asserted_at: string;
};

/** A row's fields by the names of their columns; text from CSV, any JSON value from JSON. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a file's rows are read with. */
export type Context = {
  /** Undefined: the rows' own, where the data set names one. */
  readonly conflictId: string | undefined;
  /** Of the report that the file is. */
  readonly reportId: string;
};

/** One kind of file of a data set. */
export type FileKind = {
  /** A file is of this kind if its rows have all of these columns and none of `lacks`. */
  readonly has: readonly string[];
  readonly lacks?: readonly string[];
  /** Columns that may be there too. Any other is said to be ignored. */
  readonly mayHave?: readonly string[];
  /** How the ids of its claims begin. */
  readonly prefix: string;
  readonly headline: string;
  /** The day or instant that a row is of: a file is published no earlier than its last. */
  readonly datedAt: (fields: Fields) => string | undefined;
  /** A function per file, so that a row may follow from those before it; asked in their order. */
  readonly reader: (context: Context) => (fields: Fields) => Draft;
};

export type Importer = {
  readonly format: string;
  readonly reads: 'csv' | 'json';
  /** Undefined: rows name their own conflicts, unless one is given. */
  readonly conflictId: string | 'needed' | undefined;
  /** What all claims refer to. */
  readonly entries: readonly Said[];
  /** Who publishes the data set, where, and on which terms. */
  readonly source: {
    readonly outletId: string;
    /** Whose act it is when a row changes or is gone. */
    readonly editorId: string;
    readonly url: string;
    readonly language: string;
    readonly licence: string;
  };
  readonly kinds: readonly FileKind[];
  /** Why a row of a later file reads otherwise. */
  readonly cause: DataOf<'ClaimCorrected'>['cause'];
};

/** A draft of what is given. */
export function draftOf(draft: Partial<Draft>): Draft {
  return { entries: [], claims: [], absent: [], superseded: [], faults: [], ...draft };
}

/** The draft of a row of which nothing can be recorded. */
export function rejected(...faults: string[]): Draft {
  return draftOf({ faults });
}

export function actor(id: string, kind: string, name: string, more: object = {}): Said {
  return { type: 'ActorRegistered', id, data: { name, kind, ...more } };
}

export function place(id: string, name: string, more: object = {}): Said {
  return { type: 'PlaceRegistered', id, data: { name, ...more } };
}

// Our own name space, for ids of what data sets name at length and without an id.
const nameNamespace = '5f1f3c0b-9a52-4d0e-8b8a-7a4a3c2f6e10';

/** An id for what is identified by all of `parts` together, always the same. */
export function idOf(prefix: string, ...parts: unknown[]): string {
  return `${prefix}:${uuidv5(JSON.stringify(parts), nameNamespace)}`;
}
