/** Rows decided together: their entries first, then what the rows lead to, all of it in bulk. */
import type { EventStore } from '../eventstore/event-store.ts';
import {
  type Editing,
  endedByImport,
  type Step,
  stepsTo,
  stepsToEnd,
  supersession,
} from './changes.ts';
import { decideAll, type StepOutcome } from './decide.ts';
import { type Draft, type Importer, rejected, type Said } from './importer.ts';
import { type Life, lastLives, nextLife } from './lives.ts';

/** Rows read are rows recorded, known already and rejected; a rejected row may be so in part. */
export type Rows = { read: number; recorded: number; known: number; rejected: number };
/** What has come of the file so far: rows, and events recorded by their type. */
export type Progress = {
  readonly rows: Rows;
  readonly events: Readonly<Record<string, number>>;
};
export type RejectedRow = { readonly row: number; readonly reasons: readonly string[] };

/** An import under way. */
export type Run = {
  readonly store: EventStore;
  readonly importer: Importer;
  /** Undefined: as the rows say. */
  readonly conflictId: string | undefined;
  readonly editing: Editing;
  readonly rows: Rows;
  readonly events: Record<string, number>;
  /** Entries that are known to be there. */
  readonly registered: Set<string>;
  /** Entries that were there with other content. */
  readonly kept: Set<string>;
  /** The claims that the file has given so far. */
  readonly seen: Set<string>;
  readonly onRejected: (row: RejectedRow) => void;
};

/** A row's draft, with its number. */
export type RowDraft = { readonly row: number; readonly draft: Draft };

/** Decides rows together, and tells what became of each. */
export async function importChunk(run: Run, given: readonly RowDraft[]): Promise<void> {
  const drafts = given.map(({ row, draft }) => ({ row, draft: onlyOnce(run, draft) }));
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
  const outcomes = await decide(
    run,
    steps.map(({ step }) => step),
  );
  for (const [i, { row }] of steps.entries()) {
    const outcome = outcomes[i] as StepOutcome;
    if ('reason' in outcome) reasons.get(row)?.push(outcome.reason);
    else if (outcome.events > 0) news.add(row);
  }
  for (const { row } of drafts) {
    const found = reasons.get(row) as string[];
    if (found.length > 0) run.onRejected({ row, reasons: found });
    const kind = found.length > 0 ? 'rejected' : news.has(row) ? 'recorded' : 'known';
    run.rows[kind] += 1;
    run.rows.read += 1;
  }
}

// Two rows of one identity would correct each other for ever.
function onlyOnce({ seen }: Run, draft: Draft): Draft {
  const again = draft.claims.find(({ id }) => seen.has(id));
  if (again !== undefined) return rejected(`an earlier row gives claim ${again.id}`);
  for (const { id } of draft.claims) seen.add(id);
  return draft;
}

/** What the drafts lead to, each step with its row; claims by their last life. */
async function stepsOf(run: Run, drafts: readonly RowDraft[]) {
  const { store, conflictId, editing } = run;
  const steps: { row: number; step: Step }[] = [];
  const ids = drafts.flatMap(({ draft: { claims, absent, superseded } }) => [
    ...claims.map(({ id }) => id),
    ...absent,
    ...superseded.flatMap(({ id, by }) => [id, by]),
  ]);
  const lives = await lastLives(store, [...new Set(ids)], editing);
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
    for (const { id, by, asserted_at } of draft.superseded) {
      const said = { by: lifeOf(by).id, conflict_id: conflictId as string, asserted_at };
      add(supersession(lifeOf(id), said, editing));
    }
  }
  return steps;
}

/** Records entries that are not known to be there. */
export async function register(
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
  const outcomes = await decide(run, steps);
  for (const [i, outcome] of outcomes.entries()) {
    if (!('reason' in outcome)) continue;
    const { said } = steps[i] as Step;
    if (outcome.code === 'registered-otherwise') run.kept.add(said.id);
    else onRefused(said, outcome.reason);
  }
}

/** Decides steps, and counts the events that they lead to. */
export async function decide(run: Run, steps: readonly Step[]): Promise<StepOutcome[]> {
  const { store, importer, editing, events } = run;
  const recorded_by = `import:${importer.format}`;
  const metadata = { correlation_id: editing.reportId, recorded_by };
  const outcomes = await decideAll(store, steps, metadata);
  for (const outcome of outcomes) {
    if ('reason' in outcome || outcome.events === 0) continue;
    events[outcome.type] = (events[outcome.type] ?? 0) + outcome.events;
  }
  return outcomes;
}
