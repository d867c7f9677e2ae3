import t from 'tap';
import { type NegotiationCommand, negotiation } from '../../src/domain/negotiation.ts';
import { attributed, after as history, when } from './spec.ts';

const parties = { party_id: 'ru', counterpart_id: 'ua' };
const id = 'ru-ua';
const take = (type: 'ProposeNegotiation' | 'AcceptNegotiation', more: object = {}) =>
  ({ type, id, data: { ...attributed, ...parties, ...more } }) as NegotiationCommand;
const reject = (more: object = {}): NegotiationCommand => ({
  type: 'RejectNegotiation',
  id,
  data: { ...attributed, ...parties, stance: 'no_prospect', ...more },
});
const go = (
  type: 'StartNegotiation' | 'SuspendNegotiation' | 'ResumeNegotiation',
  more: object = {},
) => ({ type, id, data: { ...attributed, ...more } }) as NegotiationCommand;
const conclude: NegotiationCommand = {
  type: 'ConcludeNegotiation',
  id,
  data: { ...attributed, outcome: 'no_agreement' },
};
const after = (...commands: NegotiationCommand[]) => history(negotiation, ...commands);
const propose = take('ProposeNegotiation');
const accept = take('AcceptNegotiation');
const start = go('StartNegotiation');
const suspend = go('SuspendNegotiation');
const resume = go('ResumeNegotiation');

t.test('a rejection is always allowed: a stance needs no proposal', async (t) => {
  const rejected = [{ type: 'NegotiationRejected', data: { negotiation_id: 'ru-ua' } }];
  for (const history of [[], after(propose), after(propose, accept, start)]) {
    t.match(when(negotiation, history, reject()), rejected);
  }
  t.strictSame(when(negotiation, after(reject()), reject()), []);
});

t.test('a party does not negotiate with itself', async (t) => {
  const alone = { counterpart_id: 'ru' };
  for (const command of [
    reject(alone),
    take('ProposeNegotiation', alone),
    take('AcceptNegotiation', alone),
  ]) {
    t.equal(when(negotiation, [], command), 'party-is-counterpart');
  }
});

t.test('a start needs an acceptance, which a rejection takes back', async (t) => {
  t.equal(when(negotiation, [], start), 'negotiation-not-accepted');
  t.equal(when(negotiation, after(propose), start), 'negotiation-not-accepted');
  t.match(when(negotiation, after(propose, accept), start), [{ type: 'NegotiationStarted' }]);
  t.equal(when(negotiation, after(accept, reject()), start), 'negotiation-not-accepted');
});

t.test('a resumption needs a suspension, and that a start', async (t) => {
  t.equal(when(negotiation, [], suspend), 'negotiation-not-ongoing');
  t.equal(when(negotiation, [], conclude), 'negotiation-not-ongoing');
  t.equal(when(negotiation, [], resume), 'negotiation-not-suspended');
  t.equal(
    when(negotiation, after(accept, start, suspend, resume, conclude), resume),
    'negotiation-not-suspended',
  );
  t.match(after(accept, start, suspend, resume, suspend, conclude), [
    { type: 'NegotiationAccepted' },
    { type: 'NegotiationStarted' },
    { type: 'NegotiationSuspended' },
    { type: 'NegotiationResumed' },
    { type: 'NegotiationSuspended' },
    { type: 'NegotiationConcluded' },
  ]);
});

t.test('what is so already is news only by another source', async (t) => {
  const history = after(accept, start, suspend);
  t.strictSame(when(negotiation, history, suspend), []);
  const other = go('SuspendNegotiation', { asserted_at: '2022-09-13' });
  t.match(when(negotiation, history, other), [{ type: 'NegotiationSuspended' }]);
});

t.test('a conclusion opens the way for a new round', async (t) => {
  const concluded = after(propose, accept, start, conclude);
  t.equal(when(negotiation, concluded, start), 'negotiation-not-accepted');
  t.match(when(negotiation, concluded, propose), [{ type: 'NegotiationProposed' }]);
});

t.test('a negotiation keeps its conflict', async (t) => {
  const elsewhere = reject({ conflict_id: 'c2' });
  t.equal(when(negotiation, after(propose), elsewhere), 'negotiation-of-other-conflict');
});
