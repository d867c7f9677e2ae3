/**
 * An import: a file's rows decided in chunks, as commands of their own would be. What is known is
 * found in bulk by the ids, which follow from the rows, so that an import that was cut off goes on
 * where it was when it is run again.
 */
import { v5 as uuidv5 } from 'uuid';
import { acts } from '../domain/acts.ts';
import { Rejection } from '../domain/decider.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { type Execution, type Outcome, WrongExpectedVersion } from '../eventstore/execute.ts';
import { executeAll } from '../eventstore/execute-all.ts';
import { commandFaults } from '../http/cloud-events.ts';
import {
  type Editing,
  endedByImport,
  type Step,
  stepsTo,
  stepsToEnd,
  supersession,
} from './changes.ts';
import type { DataFile, FileRow } from './files.ts';
import type { Draft, Importer, Said } from './importer.ts';
import { rejected } from './importer.ts';
import { type Life, lastLives, nextLife } from './lives.ts';
import { endVanished, type Vanished } from './vanished.ts';

/** How many rows are decided and appended together. */
const chunkRowsMax = 500;
// Our own name space: an event's id follows from what it says, about what.
const eventNamespace = 'c2f0a3de-7c0f-4b9c-a0e4-9b1f6d2a7e35';

/** Rows read are rows recorded, known already and rejected; a rejected row may be so in part. */
export type Rows = { read: number; recorded: number; known: number; rejected: number };
export type RejectedRow = { readonly row: number; readonly reasons: readonly string[] };
export type Imported = {
  readonly rows: Rows;
  /** Events recorded, by type. */
  readonly events: Readonly<Record<string, number>>;
  /** Entries of the register that were there with other content, and are left as they are. */
  readonly entriesKept: readonly string[];
  /** What became of claims whose rows are gone; undefined where that was not asked for. */
  readonly vanished: Vanished | undefined;
  /** Whether it was told to stop before the end. */
  readonly isStopped: boolean;
};

export type Import = {
  readonly store: EventStore;
  readonly importer: Importer;
  readonly file: DataFile;
  readonly conflictId: string | undefined;
  /** When the file was published, where that is known better than by its rows. */
  readonly published: string | undefined;
  /** End the claims that the file has no rows of, if these are at most so many of a hundred. */
  readonly full: { readonly percentMax: number } | undefined;
  readonly signal: AbortSignal;
  readonly onRejected: (row: RejectedRow) => void;
  readonly onProgress: (rows: Rows) => void;
};

/** The id of the report that a file is. */
export function reportIdOf({ kind, sha256 }: DataFile): string {
  return `${kind.prefix}:file:${sha256.slice(0, 16)}`;
}

/**
 * Records what the file says. Throws where the log cannot be reached: what was recorded by then is
 * known the next time.
 */
export async function importFile(asked: Import): Promise<Imported> {
  const { file, importer, signal } = asked;
  const reportId = reportIdOf(file);
  const conflictId = asked.conflictId ?? ownConflict(importer);
  const editing = { importer, reportId };
  const run: Run = {
    ...{ asked, editing, kept: new Set(), registered: new Set(), events: {} },
    rows: { read: 0, recorded: 0, known: 0, rejected: 0 },
    seen: asked.full && new Set(),
  };
  await register(run, [...importer.entries, reportOf(asked, reportId)]);
  const read = file.kind.reader({ conflictId, reportId });
  for await (const chunk of chunksOf(file.rows())) {
    if (signal.aborted) break;
    const drafts = chunk.map((row) => ({
      row: row.row,
      draft: 'fields' in row ? read(row.fields) : rejected(row.fault),
    }));
    await importChunk(run, drafts);
    asked.onProgress(run.rows);
  }
  const isWhole = !signal.aborted && run.rows.rejected === 0;
  const vanished =
    asked.full &&
    (await endVanished({
      ...{ store: asked.store, prefix: file.kind.prefix, editing, conflictId },
      ...{ seen: run.seen as Set<string>, isWhole, percentMax: asked.full.percentMax },
      execute: async (steps) => tally(run, await decideAll(run, steps)),
    }));
  const { rows, events, kept } = run;
  return { rows, events, entriesKept: [...kept], vanished, isStopped: signal.aborted };
}

type Run = {
  readonly asked: Import;
  readonly editing: Editing;
  readonly rows: Rows;
  readonly events: Record<string, number>;
  readonly registered: Set<string>;
  readonly kept: Set<string>;
  /** The claims that the file gives, if what it does not give is to end. */
  readonly seen: Set<string> | undefined;
};
type RowDraft = { readonly row: number; readonly draft: Draft };

async function importChunk(run: Run, drafts: readonly RowDraft[]): Promise<void> {
  const reasons = new Map(drafts.map(({ row, draft }) => [row, [...draft.faults]]));
  const news = new Set<number>();
  const entries = drafts.flatMap(({ row, draft }) => draft.entries.map((said) => ({ row, said })));
  await register(
    run,
    entries.map(({ said }) => said),
    (said, reason) => {
      for (const entry of entries) {
        if (entry.said.id === said.id) reasons.get(entry.row)?.push(reason);
      }
    },
  );
  const steps = await stepsOf(run, drafts);
  const outcomes = await decideAll(
    run,
    steps.map(({ step }) => step),
  );
  tally(run, outcomes);
  for (const [i, { row }] of steps.entries()) {
    const outcome = outcomes[i] as StepOutcome;
    if ('reason' in outcome) reasons.get(row)?.push(outcome.reason);
    else if (outcome.events > 0) news.add(row);
  }
  for (const { row, draft } of drafts) {
    for (const { id } of draft.claims) run.seen?.add(id);
    const found = reasons.get(row) as string[];
    if (found.length > 0) run.asked.onRejected({ row, reasons: found });
    const kind = found.length > 0 ? 'rejected' : news.has(row) ? 'recorded' : 'known';
    run.rows[kind] += 1;
    run.rows.read += 1;
  }
}

/** What the drafts lead to, each step with its row; claims by their last life. */
async function stepsOf(run: Run, drafts: readonly RowDraft[]) {
  const { asked, editing } = run;
  const steps: { row: number; step: Step }[] = [];
  const ids = drafts.flatMap(({ draft: { claims, absent, superseded } }) => [
    ...claims.map(({ id }) => id),
    ...absent,
    ...superseded.flatMap(({ id, by }) => [id, by]),
  ]);
  const lives = await lastLives(asked.store, [...new Set(ids)], editing);
  const lifeOf = (id: string) => lives.get(id) as Life;
  for (const { row, draft } of drafts) {
    const add = (found: readonly Step[]) => steps.push(...found.map((step) => ({ row, step })));
    for (const { id, content } of draft.claims) {
      const life = lifeOf(id);
      const isBack = endedByImport(life.history, editing);
      const now = isBack ? { id: nextLife(life.id), history: [] } : life;
      lives.set(id, now);
      add(stepsTo({ id: now.id, content }, now.history, editing));
    }
    for (const id of draft.absent) {
      const life = lifeOf(id);
      add(stepsToEnd(life.id, life.history, 'the row gives it no longer', editing));
    }
    for (const { id, by } of draft.superseded) {
      const conflictId = asked.conflictId ?? (ownConflict(asked.importer) as string);
      add([supersession(lifeOf(id).id, lifeOf(by).id, conflictId, editing)]);
    }
  }
  return steps;
}

async function register(
  run: Run,
  entries: readonly Said[],
  onRefused: (said: Said, reason: string) => void = (said, reason) => {
    throw new Error(`${said.type} ${said.id}: ${reason}`);
  },
): Promise<void> {
  const fresh = new Map<string, Step>();
  for (const said of entries) {
    const name = `${said.type} ${said.id}`;
    if (run.registered.has(name)) continue;
    fresh.set(name, { said, key: JSON.stringify(said.data) });
    run.registered.add(name);
  }
  const steps = [...fresh.values()];
  const outcomes = await decideAll(run, steps);
  tally(run, outcomes);
  for (const [i, outcome] of outcomes.entries()) {
    if (!('reason' in outcome)) continue;
    const { said } = steps[i] as Step;
    if (outcome.code === 'registered-otherwise') run.kept.add(said.id);
    else onRefused(said, outcome.reason);
  }
}

type StepOutcome =
  | { readonly type: string; readonly events: number }
  | { readonly code: string; readonly reason: string };

/** An outcome per step, in their order. */
async function decideAll(run: Run, steps: readonly Step[]): Promise<StepOutcome[]> {
  const outcomes: (StepOutcome | undefined)[] = steps.map(({ said }) => {
    const [fault] = commandFaults(said.type, said);
    return fault && { code: 'malformed', reason: `${fault.pointer} ${fault.detail}` };
  });
  const fitting = steps.filter((_, i) => outcomes[i] === undefined);
  const decided = await executeAll(
    run.asked.store,
    fitting.map((step) => executionOf(step, run)),
  );
  let next = 0;
  return steps.map((step, i) => {
    const known = outcomes[i];
    if (known !== undefined) return known;
    next += 1;
    return stepOutcome(step, decided[next - 1] as Outcome);
  });
}

function executionOf({ said: { type, id, data }, key }: Step, { asked, editing }: Run): Execution {
  const recorded_by = `import:${asked.importer.format}`;
  return {
    act: acts[type],
    id,
    data,
    eventId: (index) => uuidv5(JSON.stringify([type, id, key, index]), eventNamespace),
    metadata: { correlation_id: editing.reportId, recorded_by },
  };
}

function stepOutcome({ said }: Step, outcome: Outcome): StepOutcome {
  if (outcome instanceof WrongExpectedVersion) {
    return { code: 'overloaded', reason: `${said.id} was written to again and again` };
  }
  if (!(outcome instanceof Rejection)) {
    return { type: said.type, events: outcome.event_ids.length };
  }
  const faults = outcome.faults.map(({ pointer, detail }) => `${pointer} ${detail}`);
  const reason = [`${said.id}: ${outcome.detail}`, ...faults].join('; ');
  return { code: outcome.code, reason };
}

function tally({ events }: Run, outcomes: readonly StepOutcome[]): void {
  for (const outcome of outcomes) {
    if ('reason' in outcome || outcome.events === 0) continue;
    events[outcome.type] = (events[outcome.type] ?? 0) + outcome.events;
  }
}

function ownConflict({ conflictId }: Importer): string | undefined {
  return conflictId === 'needed' ? undefined : conflictId;
}

function reportOf({ importer: { source }, file, published }: Import, id: string): Said {
  const { outletId: outlet_id, url, language, licence } = source;
  const data = {
    ...{ outlet_id, url, language, licence, headline: file.kind.headline },
    published_at: published ?? file.datedAt,
    content_sha256: file.sha256,
  };
  return { type: 'ReportPublished', id, data };
}

async function* chunksOf(rows: AsyncIterable<FileRow>): AsyncGenerator<FileRow[]> {
  let chunk: FileRow[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < chunkRowsMax) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
