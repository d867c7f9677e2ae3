import t from 'tap';
import type { OperationEvent } from '../../src/domain/operation.ts';
import { type OperationState, operationAfter } from '../../src/domain/operation-state.ts';
import { attributed } from './spec.ts';
import { recorded } from './views.ts';

const event = (
  type: OperationEvent['type'],
  asserted_at: string | undefined,
  more: object = {},
) => {
  const { asserted_at: _at, ...said } = attributed;
  const time = asserted_at !== undefined && { asserted_at };
  const data = { operation_id: 'o', actor_id: 'ru', ...said, ...time, ...more };
  return { type, data } as OperationEvent;
};
const changed = (at: string | undefined, goal: string, more: object = {}) =>
  event('OperationGoalChanged', at, { goal, ...more });
const stateOf = (...events: OperationEvent[]) => {
  const state = recorded(...events).reduce<OperationState | undefined>(operationAfter, undefined);
  return `${state?.state} ${state?.goal} by ${state?.event_id}`;
};

t.test('the goal and the statement that set it', async (t) => {
  const [declared] = recorded(event('OperationDeclared', '2022-09-12', { goal: 'g' }));
  t.strictSame(operationAfter(undefined, declared as NonNullable<typeof declared>), {
    ...{ operation_id: 'o', conflict_id: 'c1', actor_id: 'ru', state: 'ongoing', goal: 'g' },
    ...{ stated_by: 'ru-mod', asserted_at: '2022-09-12', event_id: 'e1' },
    said: { position: 1, asserted_at: '2022-09-12' },
  });
});

// Seen to fail with the last recorded word taken for the latest.
t.test('the latest said stands, however late another was recorded', async (t) => {
  const later = changed('2022-09-13', 'later');
  t.equal(stateOf(later, changed('2022-09-12', 'earlier')), 'ongoing later by e1');
  t.equal(stateOf(changed('2022-09-12', 'earlier'), later), 'ongoing later by e2');
  t.equal(
    stateOf(changed('2022-09-13', 'first'), later),
    'ongoing later by e2',
    'then by position',
  );
  t.equal(stateOf(later, changed(undefined, 'undated')), 'ongoing later by e1');
  const told = changed(undefined, 'told', { occurred: { from: '2022-09-14' } });
  t.equal(stateOf(later, told), 'ongoing told by e2');
});

t.test('an end is final, and leaves the goal', async (t) => {
  const ended = event('OperationEnded', '2022-09-11');
  t.equal(stateOf(changed('2022-09-12', 'g'), ended), 'ended g by e2');
  t.equal(stateOf(ended), 'ended null by e1');
});
