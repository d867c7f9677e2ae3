import t from 'tap';
import { force } from '../../src/domain/force.ts';
import { attributed, when } from './spec.ts';

const basis = 'claimed' as const;
const withdrawal = { ...attributed, from: ['iso:UA-63'], basis };
const withdrew = { type: 'TroopsWithdrew', data: { actor_id: 'ru', ...withdrawal } } as const;

t.test('a movement is recorded for the force', async (t) => {
  const to = ['iso:UA-63'];
  const data = { ...attributed, to, basis };
  t.strictSame(when(force, [], { type: 'WithdrawTroops', id: 'ru', data: withdrawal }), [withdrew]);
  t.strictSame(when(force, [], { type: 'DeployTroops', id: 'ru', data }), [
    { type: 'TroopsDeployed', data: { actor_id: 'ru', ...data } },
  ]);
  t.strictSame(when(force, [], { type: 'AdvanceTroops', id: 'ru', data }), [
    { type: 'TroopsAdvanced', data: { actor_id: 'ru', ...data } },
  ]);
});

t.test('the same by the same source is no news, by another source it is', async (t) => {
  const again = { type: 'WithdrawTroops', id: 'ru', data: withdrawal } as const;
  t.strictSame(when(force, [withdrew], again), []);
  const attribution = { claimant_id: 'ua', chain: [] };
  const other = { ...again, data: { ...withdrawal, attribution } };
  t.match(when(force, [withdrew], other), [{ type: 'TroopsWithdrew', data: { attribution } }]);
});

// Seen to fail with every movement that was ever said taken for said already.
t.test('troops come back to where they left', async (t) => {
  const back = { ...attributed, to: ['iso:UA-63'], basis };
  const deploy = { type: 'DeployTroops', id: 'ru', data: back } as const;
  const deployed = { type: 'TroopsDeployed', data: { actor_id: 'ru', ...back } } as const;
  t.match(when(force, [deployed, withdrew], deploy), [deployed]);
  t.strictSame(when(force, [withdrew, deployed], deploy), []);
  const elsewhere = { ...withdrew, data: { ...withdrew.data, from: ['iso:UA-14'] } };
  t.strictSame(when(force, [deployed, elsewhere], deploy), []);
});

t.test('an end before its start is refused', async (t) => {
  const occurred = { from: '2022-09-12', to: '2022-09-11' };
  const data = { ...withdrawal, occurred };
  t.equal(when(force, [], { type: 'WithdrawTroops', id: 'ru', data }), 'times-impossible');
});
