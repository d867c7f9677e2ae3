import t from 'tap';
import { force } from '../../src/domain/force.ts';
import { negotiation } from '../../src/domain/negotiation.ts';
import { operation } from '../../src/domain/operation.ts';
import { attributed, when } from './spec.ts';

t.test('a withdrawal is recorded for the force, however often it is said', async (t) => {
  const data = { ...attributed, from: ['iso:UA-63'], basis: 'claimed' as const };
  const command = { type: 'WithdrawTroops', id: 'ru', data } as const;
  const event = { type: 'TroopsWithdrew', data: { actor_id: 'ru', ...data } } as const;
  t.same(when(force, [], command), [event]);
  t.same(when(force, [event], command), [event]);
});

t.test('a goal is reaffirmed without a declaration on record', async (t) => {
  const data = { ...attributed, actor_id: 'ru', goal: 'until its goals are reached' };
  t.same(when(operation, [], { type: 'ReaffirmGoal', id: 'o', data }), [
    { type: 'OperationGoalReaffirmed', data: { operation_id: 'o', ...data } },
  ]);
});

t.test('a rejection needs no proposal, but two parties', async (t) => {
  const data = {
    ...attributed,
    party_id: 'ru',
    counterpart_id: 'ua',
    stance: 'no_prospect',
  } as const;
  t.same(when(negotiation, [], { type: 'RejectNegotiation', id: 'ru-ua', data }), [
    { type: 'NegotiationRejected', data: { negotiation_id: 'ru-ua', ...data } },
  ]);
  const alone = { ...data, counterpart_id: 'ru' };
  t.equal(
    when(negotiation, [], { type: 'RejectNegotiation', id: 'ru-ua', data: alone }),
    'party-is-counterpart',
  );
});
