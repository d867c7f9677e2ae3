/**
 * The lives of a claim: retracting is final, so that a row that an import ended and that is back in
 * a later file is another claim, of an id of its own.
 */
import type { EventStore, RecordedEvent } from '../eventstore/event-store.ts';
import { type Editing, endedByImport } from './changes.ts';

export type Life = { readonly id: string; readonly history: readonly RecordedEvent[] };

/** The last life of each claim, by its first id; a history is empty where it has none. */
export async function lastLives(
  store: EventStore,
  ids: readonly string[],
  editing: Editing,
): Promise<Map<string, Life>> {
  const lives = new Map<string, Life>();
  let open = new Map(ids.map((id) => [id, id]));
  while (open.size > 0) {
    const events = await store.readStreams([...open.values()].map((id) => `claim-${id}`));
    const histories = Map.groupBy(events, ({ stream }) => stream);
    const next = new Map<string, string>();
    for (const [first, id] of open) {
      const history = histories.get(`claim-${id}`) ?? [];
      // The life before is the last one, unless another has begun.
      if (history.length === 0 && lives.has(first)) continue;
      lives.set(first, { id, history });
      if (endedByImport(history, editing)) next.set(first, nextLife(id));
    }
    open = next;
  }
  return lives;
}

export function nextLife(id: string): string {
  const [, first = id, life = '1'] = /^(.*):life-(\d+)$/.exec(id) ?? [];
  return `${first}:life-${Number(life) + 1}`;
}

/** The id without the number of its life. */
export function firstLife(id: string): string {
  return id.replace(/:life-\d+$/, '');
}
