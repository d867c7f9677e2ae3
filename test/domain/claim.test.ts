import t from 'tap';
import { type ClaimCommand, type ClaimEvent, claim } from '../../src/domain/claim.ts';
import { attributed, when } from './spec.ts';

const quantity = {
  value: 300,
  qualifier: 'more_than',
  unit: '{person}',
  measure: 'increment',
} as const;
const proposition = {
  kind: 'casualties',
  side_id: 'ua',
  category: 'military',
  outcome: 'killed',
  quantity,
} as const;
const make = (more: object = {}): ClaimCommand => ({
  type: 'MakeClaim',
  id: 'k1',
  data: { ...attributed, proposition, ...more },
});
const assess = (more: object = {}): ClaimCommand => ({
  type: 'AssessClaim',
  id: 'k1',
  data: { ...attributed, assessor_id: 'afp', verdict: 'could_not_verify', ...more },
});
const made = when(claim, [], make()) as ClaimEvent[];
const assessed = when(claim, made, assess()) as ClaimEvent[];

t.test('a claim is made once, its quantity with bounds', async (t) => {
  t.match(made, [
    {
      type: 'ClaimMade',
      data: { claim_id: 'k1', proposition: { quantity: { value: 300, low: 301, best: null } } },
    },
  ]);
  t.same(when(claim, made, make()), []);
  t.equal(when(claim, made, make({ asserted_at: '2022-09-13' })), 'claim-made-otherwise');
});

t.test('an impossible quantity is refused', async (t) => {
  const impossible = { proposition: { ...proposition, quantity: { ...quantity, value: 0.5 } } };
  t.equal(when(claim, [], make(impossible)), 'quantity-impossible');
});

t.test('an assessment needs a claim of the same conflict', async (t) => {
  t.equal(when(claim, [], assess()), 'claim-unknown');
  t.equal(when(claim, made, assess({ conflict_id: 'c2' })), 'claim-of-other-conflict');
  t.match(assessed, [{ type: 'ClaimAssessed', data: { claim_id: 'k1', assessor_id: 'afp' } }]);
});

t.test("an assessor's same verdict is no news, another verdict or assessor is", async (t) => {
  const history = [...made, ...assessed];
  t.same(when(claim, history, assess()), []);
  t.match(when(claim, history, assess({ verdict: 'verified' })), [{ type: 'ClaimAssessed' }]);
  t.match(when(claim, history, assess({ assessor_id: 'cnn' })), [{ type: 'ClaimAssessed' }]);
});
