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

const on = (asserted_at: string) => ({ asserted_at });

// Seen to fail with the words in the order of their record, and with one acceptance for all pairs.
t.test('an acceptance is taken back by a later rejection between the same two alone', async (t) => {
  const started = [{ type: 'NegotiationStarted' }];
  const accepted = take('AcceptNegotiation', on('2022-09-10'));
  const older = after(accepted, reject(on('2022-09-08')));
  t.match(when(negotiation, older, go('StartNegotiation', on('2022-09-12'))), started);
  const third = after(accepted, reject({ party_id: 'by', ...on('2022-09-11') }));
  t.match(when(negotiation, third, go('StartNegotiation', on('2022-09-12'))), started);
  const later = after(accepted, reject({ ...on('2022-09-13') }));
  t.match(when(negotiation, later, go('StartNegotiation', on('2022-09-12'))), started, 'not yet');
  for (const more of [on('2022-09-14'), { asserted_at: undefined }]) {
    const late = go('StartNegotiation', more);
    t.equal(when(negotiation, later, late), 'negotiation-not-accepted');
    const byOther = after(
      accepted,
      reject({ party_id: 'ua', counterpart_id: 'ru', ...on('2022-09-13') }),
    );
    t.equal(when(negotiation, byOther, late), 'negotiation-not-accepted');
  }
});

// Seen to fail with the phase of all words, whenever they were said, and with a resumption of talks
// that were only started.
t.test('a resumption needs a suspension that was said before it', async (t) => {
  t.equal(when(negotiation, after(accept, start), resume), 'negotiation-not-suspended');
  const begun = after(accept, start, go('SuspendNegotiation', on('2022-09-20')));
  const resumed = (day: string) => go('ResumeNegotiation', on(day));
  t.equal(when(negotiation, begun, resumed('2022-09-19')), 'negotiation-not-suspended');
  t.match(when(negotiation, begun, resumed('2022-09-20')), [{ type: 'NegotiationResumed' }]);
  const found = after(
    accept,
    start,
    go('SuspendNegotiation', on('2022-09-20')),
    resumed('2022-09-22'),
  );
  t.match(when(negotiation, found, resumed('2022-09-21')), [{}], 'found late');
  t.match(when(negotiation, found, go('StartNegotiation', on('2022-09-23'))), [{}], 'so already');
  t.match(when(negotiation, found, go('SuspendNegotiation', on('2022-09-23'))), [{}]);
});

// Seen to fail with what has no time taken for said before all, and with the phase by then alone.
t.test('what is told without a time, or late, has its place', async (t) => {
  const undated = { asserted_at: undefined };
  const ended = after(accept, start, {
    ...conclude,
    data: { ...conclude.data, ...on('2022-09-14') },
  } as NegotiationCommand);
  const again = [...ended, ...after(take('AcceptNegotiation', undated))];
  t.match(when(negotiation, again, go('StartNegotiation', undated)), [{}], 'another round');
  const told = after(take('AcceptNegotiation', on('2022-09-14')));
  t.match(when(negotiation, told, start), [{ type: 'NegotiationStarted' }], 'told of later');
  t.strictSame(when(negotiation, after(accept, start, suspend), suspend), []);
  const next = after(accept, start, go('SuspendNegotiation', on('2022-09-20')));
  t.strictSame(when(negotiation, next, start), [], 'sent again after what came of it');
});

// Seen to fail with every stance that was ever said taken for said already.
t.test('a party comes back to an earlier stance', async (t) => {
  const talks = after(accept, start);
  const back = [...talks, ...after(reject(), reject({ stance: 'conditional' }))];
  t.match(when(negotiation, back, reject()), [{ data: { stance: 'no_prospect' } }]);
  const toOther = [
    ...talks,
    ...after(reject(), reject({ counterpart_id: 'by', stance: 'rejected' })),
  ];
  t.strictSame(when(negotiation, toOther, reject()), []);
});

t.test('a negotiation keeps its conflict', async (t) => {
  const elsewhere = reject({ conflict_id: 'c2' });
  t.equal(when(negotiation, after(propose), elsewhere), 'negotiation-of-other-conflict');
});
