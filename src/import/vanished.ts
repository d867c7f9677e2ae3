/**
 * `--full`: claims that an earlier file of the data set gave and this one does not. They are ended
 * only by a file that was read to its end without a fault, and only if they are few: a file that
 * was cut off must not end what it no longer holds.
 */
import type { EventStore } from '../eventstore/event-store.ts';
import { type Editing, type Step, stepsToEnd } from './changes.ts';
import type { StepOutcome } from './decide.ts';
import { firstLife } from './lives.ts';

const pageMax = 1_000;

/** Claims that are to end; `refused` says why none did, or why some did not. */
export type Vanished = { readonly claims: number; readonly refused?: string };

export type VanishedParts = {
  readonly store: EventStore;
  readonly prefix: string;
  readonly editing: Editing;
  /** Claims of other conflicts are of another import; undefined: those of all. */
  readonly conflictId: string | undefined;
  readonly seen: ReadonlySet<string>;
  readonly isWhole: boolean;
  readonly percentMax: number;
  readonly execute: (steps: readonly Step[]) => Promise<readonly StepOutcome[]>;
};

/** Ends what has vanished, or says why not. */
export async function endVanished(parts: VanishedParts): Promise<Vanished> {
  if (!parts.isWhole) {
    return {
      claims: 0,
      refused: 'rows were rejected, or not all were read: none is known to be gone',
    };
  }
  let [known, gone] = [0, 0];
  for await (const page of livingPages(parts)) {
    known += page.living;
    gone += page.steps.length;
  }
  const percent = known === 0 ? 0 : (100 * gone) / known;
  if (percent > parts.percentMax) {
    const refused =
      `${gone} of ${known} claims are not in the file, over ${parts.percentMax} %: ` +
      'if that is so, allow more with --full-max';
    return { claims: gone, refused };
  }
  const reasons: string[] = [];
  for await (const { steps } of livingPages(parts)) {
    for (const outcome of await parts.execute(steps)) {
      if ('reason' in outcome) reasons.push(outcome.reason);
    }
  }
  if (reasons.length === 0) return { claims: gone };
  return { claims: gone, refused: `${reasons.length} could not be: ${reasons[0]}` };
}

/** Pages of the data set's claims: how many live, and what ends those that are gone. */
async function* livingPages({ store, prefix, editing, conflictId, seen }: VanishedParts) {
  const begin = `claim-${prefix}:`;
  for (let after = begin; ; ) {
    const streams = await store.listStreams(begin, after, pageMax);
    const histories = Map.groupBy(await store.readStreams(streams), ({ stream }) => stream);
    let living = 0;
    const steps: Step[] = [];
    for (const [stream, history] of histories) {
      const id = stream.slice('claim-'.length);
      const made = history[0]?.data as { conflict_id: string };
      if (conflictId !== undefined && made.conflict_id !== conflictId) continue;
      const end = stepsToEnd(id, history, 'its row is no longer in the file', editing);
      living += end.length;
      if (!seen.has(firstLife(id))) steps.push(...end);
    }
    yield { living, steps };
    const last = streams.at(-1);
    if (last === undefined || streams.length < pageMax) return;
    after = last;
  }
}
