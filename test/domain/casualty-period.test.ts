import t from 'tap';
import { tallyWithin } from '../../src/domain/casualty-period.ts';
import { type CasualtySubject, subjectOf } from '../../src/domain/casualty-subject.ts';
import type { ClaimState } from '../../src/domain/claim-state.ts';
import type { QuantitySaid } from '../../src/domain/quantity.ts';
import { casualties, made, people, view } from './views.ts';

const says = (id: string, asserted_at: string | undefined, more: Partial<QuantitySaid>) => {
  const { data, type } = made(id, casualties(people(more)));
  const { asserted_at: _given, ...undated } = data;
  const dated = asserted_at === undefined ? undated : { ...undated, asserted_at };
  return view({ type, data: dated }, { position: Number(id.slice(1)) });
};
const day = { duration: 'PT24H', ends: 'asserted_at' } as const;
const bulletins = [
  says('k1', '2022-09-10', { period: day }),
  says('k2', '2022-09-11', { period: day }),
  says('k3', '2022-09-12', { period: day }),
];
const weekly = says('k4', '2022-09-12', { period: { from: '2022-09-06', to: '2022-09-12' } });
const undated = says('k5', undefined, {});
const tallied = (claims: readonly ClaimState[], period: { from?: string; to?: string }) => {
  const subject = subjectOf((claims[0] as ClaimState).current) as CasualtySubject;
  const { quantity, claim_ids, not_added } = tallyWithin(subject, claims, period);
  return { low: quantity.low, claim_ids, not_added };
};

t.test('increments within the period add up; those beyond are not cut', async (t) => {
  const all = [...bulletins, weekly, undated];
  t.strictSame(tallied(all, { from: '2022-09-11', to: '2022-09-12' }), {
    low: 600,
    claim_ids: ['k2', 'k3'],
    not_added: [
      { claim_id: 'k4', reason: 'period-beyond' },
      { claim_id: 'k5', reason: 'period-unknown' },
    ],
  });
  t.strictSame(tallied(bulletins, { to: '2022-09-10' }).claim_ids, ['k1']);
  t.strictSame(tallied(bulletins, { from: '2022-09-11' }).claim_ids, ['k2', 'k3']);
  t.strictSame(tallied(bulletins, { from: '2022-10-01' }), {
    ...{ low: null, claim_ids: [], not_added: [] },
  });
});

// Seen to fail with why it cannot be cut said first.
t.test('what would not count at all is told as that', async (t) => {
  const [, , k3] = bulletins;
  const retracted = [weekly, undated].map((one) => ({ ...one, lifecycle: 'retracted' as const }));
  t.strictSame(tallied([...retracted, k3 as ClaimState], { from: '2022-09-11' }).not_added, [
    { claim_id: 'k4', reason: 'retracted' },
    { claim_id: 'k5', reason: 'retracted' },
  ]);
  t.strictSame(tallied(retracted, { from: '2022-10-01' }).not_added, [
    { claim_id: 'k5', reason: 'retracted' },
  ]);
});

// Seen to fail with the end of a day taken to be of that day.
t.test('what is given at midnight is of the day that begins', async (t) => {
  const midnight = '2022-09-12T00:00:00Z';
  const totals = [says('k1', midnight, { measure: 'cumulative', value: 100 })];
  const counts = (from: string, to: string) => tallied(totals, { from, to });
  const none = { low: null, claim_ids: [], not_added: [] };
  t.strictSame(counts('2022-09-11', '2022-09-11'), none);
  t.match(counts('2022-09-12', '2022-09-12'), { low: 100, claim_ids: ['k1'] });
  t.match(counts('2022-09-11', midnight), { low: 100 }, 'an instant is in what ends with it');
  t.match(counts(midnight, midnight), { low: 100 });
});

t.test('a total is of the moment that it is given for', async (t) => {
  const since = (to: string) => ({ from: '2022-02-24', to });
  const totals = [
    says('k1', '2022-09-12', { measure: 'cumulative', value: 100, period: since('2022-09-11') }),
    says('k2', '2022-09-12', { measure: 'cumulative', value: 120, period: since('2022-09-12') }),
  ];
  t.match(tallied(totals, { to: '2022-09-11' }), { low: 100, claim_ids: ['k1'], not_added: [] });
  t.match(tallied(totals, { from: '2022-09-12' }), { low: 120, claim_ids: ['k2'], not_added: [] });
  t.match(tallied(totals, {}), {
    ...{ low: 120, claim_ids: ['k2'] },
    not_added: [{ claim_id: 'k1', reason: 'cumulative-replaced' }],
  });
});
