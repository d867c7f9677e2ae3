import t from 'tap';
import { type AgreementCommand, agreement } from '../../src/domain/agreement.ts';
import { attributed, after as history, when } from './spec.ts';

const agree = (more: object = {}): AgreementCommand => ({
  type: 'AgreeCeasefire',
  id: 'a',
  data: { ...attributed, parties: ['ru', 'ua'], ...more },
});
const violate = (more: object = {}): AgreementCommand => ({
  type: 'ViolateCeasefire',
  id: 'a',
  data: { ...attributed, by_id: 'ru', ...more },
});
const end = (more: object = {}): AgreementCommand => ({
  type: 'EndCeasefire',
  id: 'a',
  data: { ...attributed, ...more },
});
const quantity = { value: 215, qualifier: 'more_than', unit: '{person}', measure: 'increment' };
const exchange = (more: object = {}): AgreementCommand =>
  ({
    type: 'ExchangePrisoners',
    id: 'a',
    data: { ...attributed, returned: [{ party_id: 'ua', quantity: { ...quantity, ...more } }] },
  }) as AgreementCommand;
const after = (...commands: AgreementCommand[]) => history(agreement, ...commands);

t.test('a ceasefire is agreed once', async (t) => {
  t.match(after(agree()), [{ type: 'CeasefireAgreed', data: { agreement_id: 'a' } }]);
  t.strictSame(when(agreement, after(agree()), agree()), []);
  t.equal(when(agreement, after(agree()), agree({ terms: 'other' })), 'agreed-otherwise');
  const backwards = { effective_from: '2022-09-12', effective_to: '2022-09-11' };
  t.equal(when(agreement, [], agree(backwards)), 'times-impossible');
});

t.test('a violation or an end needs an agreement', async (t) => {
  t.equal(when(agreement, [], violate()), 'agreement-unknown');
  t.equal(when(agreement, [], end()), 'agreement-unknown');
  t.equal(when(agreement, after(exchange()), violate()), 'agreement-unknown');
  t.match(after(agree(), violate()), [{}, { type: 'CeasefireViolated' }]);
  t.strictSame(when(agreement, after(agree(), violate()), violate()), []);
});

t.test('ended is final', async (t) => {
  const ended = after(agree(), end());
  t.strictSame(when(agreement, ended, end()), []);
  t.equal(when(agreement, ended, end({ stated_reason: 'other' })), 'ceasefire-ended');
  t.equal(when(agreement, ended, violate()), 'ceasefire-ended');
});

t.test('an exchange of prisoners is recorded once, its quantities with bounds', async (t) => {
  t.match(after(exchange()), [
    { type: 'PrisonersExchanged', data: { returned: [{ quantity: { low: 216, best: null } }] } },
  ]);
  t.strictSame(when(agreement, after(exchange()), exchange()), []);
  t.equal(when(agreement, after(exchange()), exchange({ value: 1 })), 'exchanged-otherwise');
  t.equal(when(agreement, [], exchange({ value: 1.5 })), 'quantity-impossible');
});

t.test('an agreement keeps its conflict', async (t) => {
  const elsewhere = violate({ conflict_id: 'c2' });
  t.equal(when(agreement, after(agree()), elsewhere), 'agreement-of-other-conflict');
});
