/** Given a history, when a command, expect events or a rejection: for any decider. */
import { type Decider, fold, Rejection } from '../../src/domain/decider.ts';

/** What `decide` answers after `history`: the events' types and data, or the rejection's code. */
export function when<S, C, E extends { type: string; data: unknown }, R extends string>(
  decider: Decider<S, C, E, R>,
  history: readonly E[],
  command: C,
): readonly E[] | R {
  const decided = decider.decide(command, fold(decider, history));
  return decided instanceof Rejection ? decided.code : decided;
}

/** The attribution every act of the tests carries. */
export const attributed = {
  conflict_id: 'c1',
  attribution: { claimant_id: 'ru-mod', chain: [] },
  asserted_at: '2022-09-12',
};

/** The history that `commands` lead to, one after the other; throws where one is refused. */
export function after<S, C, E extends { type: string; data: unknown }, R extends string>(
  decider: Decider<S, C, E, R>,
  ...commands: readonly C[]
): E[] {
  const history: E[] = [];
  for (const command of commands) {
    const decided = decider.decide(command, fold(decider, history));
    if (decided instanceof Rejection) throw new Error(`refused: ${decided.code}`);
    history.push(...decided);
  }
  return history;
}
