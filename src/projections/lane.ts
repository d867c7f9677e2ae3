/**
 * Several projections on one way through the log: a page is read once, folded by each, and stored
 * with all their checkpoints in one transaction, while the next page is folded already.
 */
import type { EventStore } from '../eventstore/event-store.ts';
import type { Pipeline } from '../pipeline.ts';
import { type Folded, type Folding, foldingOf } from './apply.ts';
import { type Held, heldOf, holding, type Move, moved } from './checkpoint.ts';
import { laneConnections } from './connections.ts';
import type { Role } from './generations.ts';
import { type Page, pagesOf } from './pages.ts';
import type { Projection } from './projection.ts';
import type { Statement } from './statements.ts';

/** Where some are behind the others, a batch is so small that it holds nobody up. */
const apartMax = 500;

export type LaneParts = {
  readonly store: EventStore;
  /** Opens a pipelined connection; a lane at work holds two. */
  readonly connect: () => Promise<Pipeline>;
};
export type Lane = {
  /**
   * Takes those that run, and that no other process has, a batch further. Of one whose handler
   * throws, all before that event is stored, and it is paused. Where it rejects, nothing was.
   */
  advance(): Promise<Advanced>;
  close(): Promise<void>;
};
export type Advanced = {
  /** How many were read. */
  readonly events: number;
  /** Whether there was no more to read for any of them. */
  readonly isAtEnd: boolean;
  /** Those that were paused, and why. */
  readonly failures: ReadonlyMap<Projection, Error>;
};

/** Those at one position, with one pace. */
type Group = {
  readonly position: number;
  readonly rateMax: number | null;
  readonly members: ReadonlyMap<Projection, Held>;
};
/** What is at hand of a projection, good while its checkpoint is where this process left it. */
type Known = { readonly generation: number; readonly position: number; readonly folding: Folding };
type Step = { readonly page: Page; readonly folded: ReadonlyMap<Projection, Folded> };

/** A lane of these projections' generations in `role`. */
export function openLane(
  projections: readonly Projection[],
  role: Role,
  { store, connect }: LaneParts,
  pages = pagesOf(store),
): Lane {
  const connections = laneConnections(connect);
  const known = new Map<Projection, Known>();
  let ahead: { group: Group; step: Promise<Step> } | undefined;
  /** Where all are, if nobody else has moved them. */
  let left: Group | undefined;
  /** Whether nobody else had, the last time. */
  let isAlone = false;
  let endedAt = 0;

  async function fold({ position, members }: Group, limit: number): Promise<Step> {
    const { load } = await connections.open();
    const page = await pages.read(position, limit);
    const folded = new Map<Projection, Folded>();
    if (page.facts.length === 0) return { page, folded };
    for (const [projection, { generation }] of members) {
      const before = known.get(projection);
      const isGood = before?.generation === generation && before.position === position;
      const folding = isGood ? before.folding : foldingOf(projection, generation, position);
      const done = await folding.fold(page, load);
      known.set(projection, { generation, position: done.position, folding });
      folded.set(projection, done);
    }
    return { page, folded };
  }

  // What was folded ahead is good if all is as it was expected. Else it may have failed, too: of a
  // generation whose tables are gone.
  async function stepOf(group: Group, limit: number): Promise<Step> {
    const before = ahead;
    ahead = undefined;
    if (before === undefined) return fold(group, limit);
    if (isSame(before.group, group) && limit === Number.POSITIVE_INFINITY) return before.step;
    await before.step.catch(() => undefined);
    known.clear();
    return fold(group, limit);
  }

  function foldAhead(group: Group): void {
    const step = fold(group, Number.POSITIVE_INFINITY);
    step.catch(() => undefined);
    ahead = { group, step };
  }

  async function advance(): Promise<Advanced> {
    const { send } = await connections.open();
    const wasAhead = ahead !== undefined;
    const startedAt = wasAhead ? endedAt : performance.now();
    const seconds = (performance.now() - startedAt) / 1_000;
    const begun = send([{ text: 'begin', values: [] }, holding(projections, role)]);
    // Folded while it is found out whether all is as it was left: for who is alone, it is.
    if (!wasAhead && isAlone && left !== undefined) foldAhead(left);
    const [, answer = []] = await begun;
    const held = heldOf(projections, answer);
    const groups = groupsOf(held);
    const [first] = groups;
    isAlone = first !== undefined && left !== undefined && isSame(first, left);
    left = undefined;
    const failures = new Map<Projection, Error>();
    const statements: Statement[] = [];
    let count = 0;
    let isAtEnd = true;
    for (const [i, group] of groups.entries()) {
      const limit = limitOf(group, groups[i + 1], groups.length);
      const step = await stepOf(group, limit);
      const events = step.page.facts.length;
      count += events;
      // Of a page that was read before this, there may be more by now.
      isAtEnd &&= step.page.isLast && !wasAhead;
      const pace = { events, seconds, isStoring: true };
      const moves: Move[] = [];
      let hasFailed = false;
      for (const [projection, done] of step.folded) {
        statements.push(...done.saves);
        moves.push({ projection, held: held.get(projection) as Held, done });
        if (done.failure === undefined) continue;
        failures.set(projection, done.failure);
        hasFailed = true;
      }
      if (moves.length > 0) statements.push(moved(moves, pace));
      if (hasFailed || limit < Number.POSITIVE_INFINITY) continue;
      left = { ...group, position: step.page.last };
      if (step.page.isFull) foldAhead(left);
    }
    await send([...statements, { text: 'commit', values: [] }]);
    endedAt = performance.now();
    if (count > 0) pages.adapt(count, endedAt - startedAt);
    return { events: count, isAtEnd, failures };
  }

  return {
    async advance() {
      try {
        return await advance();
      } catch (error) {
        // Some of what is at hand may be of events that were not stored.
        await ahead?.step.catch(() => undefined);
        ahead = undefined;
        left = undefined;
        known.clear();
        await connections.close();
        throw error;
      }
    },
    async close() {
      await ahead?.step.catch(() => undefined);
      await connections.close();
    },
  };
}

function groupsOf(held: ReadonlyMap<Projection, Held>): Group[] {
  const groups = Map.groupBy(
    held,
    ([, { position, events_per_second_max }]) => `${position} ${events_per_second_max}`,
  );
  return [...groups.values()]
    .map((entries) => {
      const [[, { position, events_per_second_max }]] = entries as [(typeof entries)[number]];
      return { position, rateMax: events_per_second_max, members: new Map(entries) };
    })
    .toSorted((a, b) => a.position - b.position);
}

// Those behind go as far as the next ones are, so that they meet.
function limitOf({ position, rateMax }: Group, next: Group | undefined, groups: number): number {
  const limits = [
    rateMax ?? Number.POSITIVE_INFINITY,
    groups === 1 ? Number.POSITIVE_INFINITY : apartMax,
  ];
  if (next !== undefined && next.position > position) limits.push(next.position - position);
  return Math.min(...limits);
}

function isSame(a: Group, b: Group): boolean {
  const generations = (group: Group) =>
    [...group.members].map(([{ name }, { generation }]) => `${name} ${generation}`).join();
  return a.position === b.position && generations(a) === generations(b);
}
