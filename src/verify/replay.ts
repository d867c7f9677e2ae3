/** The log folded once more, from its beginning, for what it makes to be compared or stored. */
import type { EventStore } from '../eventstore/event-store.ts';
import type { Folding } from '../projections/apply.ts';
import type { Send } from '../projections/connections.ts';
import { type Page, pagesOf } from '../projections/pages.ts';
import type { Statement } from '../projections/statements.ts';

/** Events. Of twice as many more is alive when the garbage collector comes: 7 % of the time. */
const pageSize = 500;

export type Replaying = {
  readonly folding: Folding;
  /** The position that it is folded through, which the log has. */
  readonly through: number;
  /** Runs a statement that a page has led to. */
  readonly run: Send;
};

/** Folds all side by side. `onPage` hears how far they have come. */
export async function replay(
  store: EventStore,
  load: Send,
  all: readonly Replaying[],
  onPage: (position: number) => void,
): Promise<void> {
  const pages = pagesOf(store, pageSize);
  const through = Math.max(0, ...all.map((one) => one.through));
  // What a page has led to is run behind what the next one asks for, which needs none of it: so
  // PostgreSQL works while we fold.
  let waiting: readonly (() => Promise<unknown>)[] = [];
  for (let position = 0; position < through; ) {
    const page = await pages.read(position, through - position);
    const folding = Promise.all(all.map((one) => foldPage(one, page, load)));
    const [led] = await Promise.all([folding, ...waiting.map((run) => run())]);
    waiting = led.flat();
    position = page.last;
    onPage(position);
  }
  await Promise.all(waiting.map((run) => run()));
}

async function foldPage({ folding, through, run }: Replaying, page: Page, load: Send) {
  const facts = page.facts.filter(({ position }) => position <= through);
  if (facts.length === 0) return [];
  const last = Math.min(page.last, through);
  const { saves, failure } = await folding.fold({ ...page, facts, last }, load);
  if (failure !== undefined) throw failure;
  return saves.map((statement: Statement) => () => run(statement));
}
