/** An operation as its events tell of it: its goal by the latest word, and whether it goes on. */
import type { OperationEvent } from './operation.ts';
import { bySaidAt, type Recorded, type Timed } from './recorded.ts';

export type OperationState = {
  readonly operation_id: string;
  readonly conflict_id: string;
  readonly actor_id: string;
  readonly state: 'ongoing' | 'ended';
  /** Null where nothing but the end is on record. */
  readonly goal: string | null;
  /** Of the event that set it so. */
  readonly stated_by: string;
  readonly asserted_at: string | null;
  readonly event_id: string;
  readonly said: Timed;
};

/**
 * The operation after an event. The latest said of its goal stands, however late another was
 * recorded; see `bySaidAt`. Ended is final.
 */
export function operationAfter(
  before: OperationState | undefined,
  { type, id, position, data }: Recorded<OperationEvent>,
): OperationState {
  const { operation_id, conflict_id, actor_id, attribution, asserted_at, occurred } = data;
  const said = {
    position,
    ...(asserted_at !== undefined && { asserted_at }),
    ...(occurred !== undefined && { occurred }),
  };
  const ends = type === 'OperationEnded';
  if (before !== undefined && !ends && bySaidAt(said, before.said) < 0) return before;
  return {
    operation_id,
    conflict_id,
    actor_id,
    state: ends ? 'ended' : 'ongoing',
    goal: 'goal' in data ? data.goal : (before?.goal ?? null),
    stated_by: attribution.claimant_id,
    asserted_at: asserted_at ?? null,
    event_id: id,
    said,
  };
}
