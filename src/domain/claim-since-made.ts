/** A claim as two parts: the event that made it, and what has changed since. */
import type { ClaimEvent } from './claim.ts';
import { type ClaimState, madeState, reportIdsOf } from './claim-state.ts';
import type { Recorded } from './recorded.ts';

type Made = Extract<ClaimEvent, { type: 'ClaimMade' }>;
/** What has changed of a state since the claim was made; what is absent has not. */
export type ChangedState = Partial<Omit<ClaimState, 'report_ids' | 'position' | 'recorded_at'>>;

/** What of a state its making does not tell: nothing, where nothing has happened to the claim. */
export function changedSinceMade(state: ClaimState): ChangedState {
  const { is_corrected, links, assessments, repetitions, lifecycle, superseded_by } = state;
  const { position, version, last_position, last_recorded_at } = state;
  return {
    ...(is_corrected && { is_corrected, current: state.current }),
    ...(lifecycle !== 'active' && { lifecycle }),
    ...(superseded_by !== null && { superseded_by }),
    ...(links.length > 0 && { links }),
    ...(assessments.length > 0 && { assessments }),
    ...(repetitions.length > 0 && { repetitions }),
    ...(last_position > position && { version, last_position, last_recorded_at }),
  };
}

/** The state of which this is what has changed since the event that made the claim. */
export function stateSinceMade(made: Recorded<Made>, changed: ChangedState): ClaimState {
  const state = { ...madeState(made), ...changed };
  if (changed.current === undefined && changed.repetitions === undefined) return state;
  return { ...state, report_ids: reportIdsOf([state.current.attribution, ...state.repetitions]) };
}
