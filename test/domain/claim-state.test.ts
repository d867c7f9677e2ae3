import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { type ClaimCommand, type ClaimEvent, claim } from '../../src/domain/claim.ts';
import { changedSinceMade, stateSinceMade } from '../../src/domain/claim-since-made.ts';
import { afterClaimEvent, type ClaimState, claimStateOf } from '../../src/domain/claim-state.ts';
import { fold, Rejection } from '../../src/domain/decider.ts';
import { after, attributed } from './spec.ts';
import { casualties, hop, people, recorded } from './views.ts';

const quantity = {
  value: 300,
  qualifier: 'more_than',
  unit: '{person}',
  measure: 'increment',
} as const;
const make: ClaimCommand = {
  type: 'MakeClaim',
  id: 'k1',
  data: {
    ...attributed,
    attribution: { claimant_id: 'ru-mod', chain: [hop('cnn', 'r1')] },
    proposition: { ...casualties(people()), quantity } as never,
  },
};
const act = <T extends ClaimCommand['type']>(type: T, data: object = {}): ClaimCommand =>
  ({ type, id: 'k1', data: { ...attributed, ...data } }) as ClaimCommand;
const correct = (from: number, to: number) =>
  act('CorrectClaim', {
    cause: 'extraction_error',
    field: '/proposition/quantity/value',
    from,
    to,
    reason: 'misread',
  });
const assess = act('AssessClaim', { assessor_id: 'afp', verdict: 'could_not_verify' });
const retract = act('RetractClaim', { reason: 'withdrawn' });
const supersede = act('SupersedeClaim', { by_claim_id: 'k2' });
const link = act('LinkClaim', { relation: 'contradicts', other_claim_id: 'k2' });
const unlink = act('UnlinkClaim', { relation: 'contradicts', other_claim_id: 'k2' });
const repeat = act('RepeatClaim', {
  attribution: { claimant_id: 'ru-mod', chain: [hop('bbc', 'r2'), hop('cnn', 'r1')] },
});
const stateOf = (...commands: ClaimCommand[]) =>
  claimStateOf(recorded(...after(claim, make, ...commands))) as ClaimState;

t.test('a claim as it was made', async (t) => {
  t.equal(claimStateOf([]), undefined);
  t.match(stateOf(), {
    current: { claim_id: 'k1', proposition: { quantity: { low: 301 } } },
    lifecycle: 'active',
    is_corrected: false,
    report_ids: ['r1'],
    position: 1,
    version: 1,
  });
});

t.test('a correction changes what it reads, bounds and all', async (t) => {
  const state = stateOf(correct(300, 310));
  t.match(state, {
    current: { proposition: { quantity: { value: 310, low: 311, best: null } } },
    lifecycle: 'corrected',
    is_corrected: true,
    version: 2,
    last_position: 2,
    position: 1,
  });
});

t.test('a retraction precedes a supersession, that a correction', async (t) => {
  t.equal(stateOf(correct(300, 310), supersede).lifecycle, 'superseded');
  t.equal(stateOf(supersede, correct(300, 310)).lifecycle, 'superseded');
  t.equal(stateOf(supersede, retract).lifecycle, 'retracted');
  t.match(stateOf(supersede), { superseded_by: 'k2', is_corrected: false });
  t.match(stateOf(correct(300, 310), retract), { lifecycle: 'retracted', is_corrected: true });
});

t.test('links come and go', async (t) => {
  t.match(stateOf(link), { lifecycle: 'active', links: [{ claim_id: 'k2' }] });
  t.strictSame(stateOf(link, unlink).links, []);
});

t.test('of an assessment is kept what something follows from', async (t) => {
  const said = { assessor_id: 'afp', verdict: 'verified', source_reliability: 'A' };
  const evidence = [{ description: 'satellite image' }];
  const { assessments } = stateOf(assess, act('AssessClaim', { ...said, evidence }));
  t.strictSame(
    assessments.map(({ asserted_at: _when, ...one }) => one),
    [
      { assessor_id: 'afp', verdict: 'could_not_verify', has_evidence: false, position: 2 },
      { ...said, has_evidence: true, position: 3 },
    ],
  );
});

t.test('assessments and repetitions are kept, also after a retraction', async (t) => {
  const state = stateOf(repeat, retract, assess);
  t.strictSame(state.report_ids, ['r1', 'r2']);
  t.match(state.assessments, [{ assessor_id: 'afp', position: 4 }]);
  t.equal(state.lifecycle, 'retracted');
});

t.test('a correction of the chain changes whose reports it is from', async (t) => {
  const field = '/attribution/chain/0/report_id';
  const moved = { cause: 'extraction_error', field, from: 'r1', to: 'r9', reason: 'wrong page' };
  t.strictSame(stateOf(act('CorrectClaim', moved)).report_ids, ['r9']);
});

t.test('nothing comes before its making', async (t) => {
  const [, assessed] = recorded(...after(claim, make, assess));
  t.throws(() => afterClaimEvent(undefined, assessed as never), /never made/);
});

const commands = fc.array(
  fc.constantFrom(
    ...[correct(300, 310), correct(310, 300), assess, retract, supersede, link, unlink, repeat],
  ),
);

function historyOf(all: readonly ClaimCommand[]): ClaimEvent[] {
  const history = after(claim, make);
  for (const command of all) {
    const decided = claim.decide(command, fold(claim, history));
    if (!(decided instanceof Rejection)) history.push(...(decided as ClaimEvent[]));
  }
  return history;
}

t.test('it reads as the aggregate has it, event by event, and is plain JSON', async () => {
  fc.assert(
    fc.property(commands, (all) => {
      const history = historyOf(all);
      const state = claimStateOf(recorded(...history)) as ClaimState;
      const aggregate = fold(claim, history);
      const { claim_id: _id, ...content } = state.current;
      const { proposition } = aggregate.current ?? {};
      const isRetracted = aggregate.retracted !== undefined;
      return (
        JSON.stringify(JSON.parse(JSON.stringify(state))) === JSON.stringify(state) &&
        (content.proposition as { quantity: { value: number } }).quantity.value ===
          (proposition as { quantity: { value: number } }).quantity.value &&
        (state.lifecycle === 'retracted') === isRetracted &&
        state.links.length === aggregate.links.length &&
        state.version === history.length
      );
    }),
  );
});

// Seen to fail with each member in turn left out of what has changed.
t.test('it is what its making tells and what has changed since', async (t) => {
  const reworded = act('CorrectClaim', {
    cause: 'extraction_error',
    field: '/attribution/chain',
    from: [hop('cnn', 'r1')],
    to: [hop('bbc', 'r2')],
    reason: 'another report',
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(reworded), commands)), (some) => {
      const events = recorded(...historyOf(some.flat()));
      const [made] = events as [Parameters<typeof stateSinceMade>[0]];
      for (const [i] of events.entries()) {
        const state = claimStateOf(events.slice(0, i + 1)) as ClaimState;
        const changed = JSON.parse(JSON.stringify(changedSinceMade(state)));
        deepStrictEqual(stateSinceMade(made, changed), state);
      }
    }),
  );
  t.strictSame(changedSinceMade(stateOf()), {}, 'of what nothing has happened to, nothing');
});
