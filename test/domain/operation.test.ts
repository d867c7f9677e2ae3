import t from 'tap';
import { type OperationCommand, operation } from '../../src/domain/operation.ts';
import { attributed, after as history, when } from './spec.ts';

const said = { ...attributed, actor_id: 'ru' };
const declare = (more: object = {}): OperationCommand => ({
  type: 'DeclareOperation',
  id: 'o',
  data: { ...said, goal: 'g', ...more },
});
const reaffirm = (more: object = {}): OperationCommand => ({
  type: 'ReaffirmGoal',
  id: 'o',
  data: { ...said, goal: 'g', ...more },
});
const change: OperationCommand = { type: 'ChangeGoal', id: 'o', data: { ...said, goal: 'h' } };
const end = (more: object = {}): OperationCommand => ({
  type: 'EndOperation',
  id: 'o',
  data: { ...said, ...more },
});
const after = (...commands: OperationCommand[]) => history(operation, ...commands);

t.test('an operation is declared once', async (t) => {
  t.match(after(declare()), [
    { type: 'OperationDeclared', data: { operation_id: 'o', goal: 'g' } },
  ]);
  t.strictSame(when(operation, after(declare()), declare()), []);
  t.equal(
    when(operation, after(declare()), declare({ goal: 'x' })),
    'operation-declared-otherwise',
  );
});

t.test('a goal is reaffirmed and changed without a declaration on record', async (t) => {
  t.match(when(operation, [], reaffirm()), [{ type: 'OperationGoalReaffirmed' }]);
  t.match(when(operation, [], change), [{ type: 'OperationGoalChanged', data: { goal: 'h' } }]);
  t.strictSame(when(operation, after(reaffirm()), reaffirm()), []);
  t.match(when(operation, after(reaffirm()), reaffirm({ asserted_at: '2022-09-13' })), [
    { type: 'OperationGoalReaffirmed' },
  ]);
});

// Seen to fail with every word that was ever said taken for said already, with words of another
// time in between, and with those of another claimant.
t.test('who comes back to an earlier goal says it anew', async (t) => {
  const says = (goal: string, more: object = {}): OperationCommand => ({
    type: 'ChangeGoal',
    id: 'o',
    data: { ...said, goal, ...more },
  });
  const undated = { asserted_at: undefined };
  for (const more of [{}, undated]) {
    const back = after(says('g', more), says('h', more), says('g', more));
    t.match(back, [{ data: { goal: 'g' } }, { data: { goal: 'h' } }, { data: { goal: 'g' } }]);
    t.strictSame(when(operation, back, says('g', more)), [], 'and once only');
  }
  const later = after(says('g'), says('h', { asserted_at: '2022-09-13' }));
  t.strictSame(when(operation, later, says('g')), [], 'sent again after newer words');
  t.match(when(operation, later, says('g', { asserted_at: '2022-09-14' })), [{}]);
  const older = after(says('g'), says('h', { asserted_at: '2022-09-11' }));
  t.strictSame(when(operation, older, says('g')), [], 'sent again after older words');
  const attribution = { claimant_id: 'ua', chain: [] };
  const byOther = after(says('g'), says('h', { attribution }));
  t.strictSame(when(operation, byOther, says('g')), [], 'others do not take it back');
});

t.test('it may be declared after it was reaffirmed: logs begin mid-war', async (t) => {
  t.match(when(operation, after(reaffirm()), declare()), [{ type: 'OperationDeclared' }]);
});

t.test('ended is final', async (t) => {
  const ended = after(declare(), end());
  t.match(ended, [{}, { type: 'OperationEnded' }]);
  t.strictSame(when(operation, ended, end()), []);
  t.equal(when(operation, ended, end({ outcome: 'other' })), 'operation-ended');
  t.equal(when(operation, ended, reaffirm()), 'operation-ended');
  t.equal(when(operation, ended, change), 'operation-ended');
  t.equal(when(operation, after(end()), declare()), 'operation-ended');
  t.strictSame(when(operation, ended, declare()), [], 'what was said before it is no news');
});

t.test('an operation keeps its conflict and its actor', async (t) => {
  const declared = after(declare());
  t.equal(
    when(operation, declared, reaffirm({ conflict_id: 'c2' })),
    'operation-of-other-conflict',
  );
  t.equal(when(operation, declared, reaffirm({ actor_id: 'ua' })), 'operation-of-other-actor');
});
